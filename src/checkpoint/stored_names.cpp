#include "checkpoint/stored_names.hpp"

#include "support/errors.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <tuple>
#include <utility>

namespace sciexam::inline checkpoint {
namespace {

constexpr std::string_view kBase = "deberta."; // base_model_prefix of transformers

/// What wrappers put before a module's name, anywhere in a tensor's.
constexpr std::array<std::string_view, 3> kWrapperParts = {"_orig_mod.", "_fsdp_wrapped_module.",
                                                           "_checkpoint_wrapped_module."};

/// Old names of a LayerNorm's parameters, and the new ones.
constexpr std::array<std::pair<std::string_view, std::string_view>, 2> kNormNames = {
    {{"LayerNorm.gamma", "LayerNorm.weight"}, {"LayerNorm.beta", "LayerNorm.bias"}}};

/// A prefix, and whether "deberta." follows it.
using NameForm = std::pair<std::string, bool>;

/// Takes `part` out of `name` wherever a component of the name begins with it; true if it was there.
bool remove_part(std::string& name, std::string_view part) {
  bool found = false;
  for (std::size_t at = name.find(part); at != std::string::npos; at = name.find(part, at))
    if (at == 0 || name[at - 1] == '.') {
      name.erase(at, part.size());
      found = true;
    } else {
      at += part.size();
    }
  return found;
}

bool rename_norm(std::string& name) {
  for (const auto& [old_name, new_name] : kNormNames)
    if (name.ends_with(old_name)) {
      name.replace(name.size() - old_name.size(), old_name.size(), new_name);
      return true;
    }
  return false;
}

/// The names of the encoder and the embeddings, without "deberta.". Those of the head are too common to reveal a
/// prefix.
std::set<std::string_view> base_names(std::span<const TensorInfo> expected) {
  std::set<std::string_view> names;
  for (const TensorInfo& tensor : expected)
    if (tensor.name.starts_with(kBase))
      names.insert(std::string_view(tensor.name).substr(kBase.size()));
  return names;
}

/// The form in which `name` is one of `names`; nothing if it is none of them in any form.
std::optional<NameForm> form_of(std::string_view name, const std::set<std::string_view>& names) {
  for (std::size_t at = 0; at != std::string_view::npos && at < name.size();) {
    std::string_view rest = name.substr(at);
    const bool has_base = rest.starts_with(kBase);
    if (names.contains(has_base ? rest.substr(kBase.size()) : rest))
      return NameForm{std::string(name.substr(0, at)), has_base};
    const std::size_t dot = name.find('.', at);
    at = dot == std::string_view::npos ? dot : dot + 1;
  }
  return std::nullopt;
}

} // namespace

StoredNames::StoredNames(std::span<const TensorInfo> expected, const WeightSource& source) {
  for (const TensorInfo& tensor : source.tensors()) {
    std::string name = tensor.name;
    for (const std::string_view part : kWrapperParts)
      if (remove_part(name, part) &&
          std::find(removed_parts_.begin(), removed_parts_.end(), part) == removed_parts_.end())
        removed_parts_.emplace_back(part);
    renamed_norms_ |= rename_norm(name);
    const auto [same, fresh] = by_plain_name_.emplace(std::move(name), &tensor);
    if (!fresh)
      throw InputError({source.description()},
                       "has tensors " + same->second->name + " and " + tensor.name + ", both of which are " +
                           same->first + " of the network",
                       "Save the model's state dict alone");
  }
  choose_prefix(expected, source);
}

void StoredNames::choose_prefix(std::span<const TensorInfo> expected, const WeightSource& source) {
  const std::set<std::string_view> names = base_names(expected);
  std::map<NameForm, std::size_t> found;
  for (const auto& [name, tensor] : by_plain_name_)
    if (const std::optional<NameForm> form = form_of(name, names))
      ++found[*form];
  std::size_t most = 0;
  for (const auto& [form, count] : found)
    most = std::max(most, count);
  if (most == 0 || found[{"", true}] == most)
    return;
  std::vector<std::string> best;
  for (const auto& [form, count] : found)
    if (count == most && (best.empty() || best.back() != form.first)) {
      best.push_back(form.first);
      std::tie(prefix_, has_base_) = form;
    }
  if (best.size() > 1)
    throw InputError({source.description()},
                     "has the network's tensors more than once, under the prefixes \"" + best[0] + "\" and \"" +
                         best[1] + "\"",
                     "Save the state dict of the one model to use");
  has_base_ = has_base_ || found[{prefix_, true}] > 0; // any such name: not just a base model
}

const TensorInfo* StoredNames::find(std::string_view name) const {
  if (!has_base_ && name.starts_with(kBase))
    name.remove_prefix(kBase.size());
  const auto found = by_plain_name_.find(prefix_ + std::string(name));
  return found == by_plain_name_.end() ? nullptr : found->second;
}

std::string StoredNames::note() const {
  std::string text;
  if (!prefix_.empty())
    text = '"' + prefix_ + '"';
  for (const std::string& part : removed_parts_)
    text += (text.empty() ? "\"" : " and \"") + part + '"';
  if (!text.empty())
    text = "tensor names are read without " + text;
  if (renamed_norms_)
    text += std::string(text.empty() ? "" : "; ") + "LayerNorm.gamma and .beta are read as LayerNorm.weight and .bias";
  return text;
}

} // namespace sciexam::inline checkpoint

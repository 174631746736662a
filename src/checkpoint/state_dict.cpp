#include "checkpoint/state_dict.hpp"

#include "support/errors.hpp"

#include <algorithm>
#include <array>
#include <set>

namespace sciexam::inline checkpoint {
namespace {

using Kind = PickleValue::Kind;

/// Where training scripts put the state dict: Lightning, then what tutorials, fairseq, timm and DeepSpeed write.
constexpr std::array<std::string_view, 10> kUsualKeys = {
    "state_dict", "model_state_dict", "model",   "model_state", "module",
    "net",        "network",          "weights", "params",      "parameters"};

/// Plain data that training scripts save beside the weights. It is recorded by the reader and never looked at.
constexpr std::array<std::string_view, 44> kPlainData = {"numpy.core.multiarray scalar",
                                                         "numpy._core.multiarray scalar",
                                                         "numpy.core.multiarray _reconstruct",
                                                         "numpy._core.multiarray _reconstruct",
                                                         "numpy dtype",
                                                         "numpy ndarray",
                                                         "_codecs encode",
                                                         "collections defaultdict",
                                                         "collections Counter",
                                                         "argparse Namespace",
                                                         "types SimpleNamespace",
                                                         "datetime datetime",
                                                         "datetime timedelta",
                                                         "pathlib Path",
                                                         "pathlib PosixPath",
                                                         "pathlib WindowsPath",
                                                         "pathlib PurePosixPath",
                                                         "pathlib PureWindowsPath",
                                                         "pathlib._local PosixPath",
                                                         "pathlib._local WindowsPath",
                                                         "torch Size",
                                                         "torch device",
                                                         "torch float32",
                                                         "torch float16",
                                                         "torch bfloat16",
                                                         "torch.torch_version TorchVersion",
                                                         "pytorch_lightning.utilities.parsing AttributeDict",
                                                         "lightning.pytorch.utilities.parsing AttributeDict",
                                                         "lightning_fabric.utilities.data AttributeDict",
                                                         "lightning.fabric.utilities.data AttributeDict",
                                                         "pytorch_lightning.callbacks.model_checkpoint ModelCheckpoint",
                                                         "pytorch_lightning.callbacks.early_stopping EarlyStopping",
                                                         "copyreg _reconstructor",
                                                         "copy_reg _reconstructor",
                                                         "builtins object",
                                                         "__builtin__ object",
                                                         "builtins dict",
                                                         "__builtin__ dict",
                                                         "builtins list",
                                                         "__builtin__ list",
                                                         "builtins int",
                                                         "__builtin__ int",
                                                         "builtins set",
                                                         "__builtin__ set"};

bool holds_tensors(const PickleValue& value) {
  if (value.kind != Kind::dictionary)
    return false;
  for (std::size_t i = 1; i < value.items.size(); i += 2)
    if (is_tensor(*value.items[i]))
      return true;
  return false;
}

/// The text keys of a dictionary under which there are tensors.
std::vector<std::string> keys_with_tensors(const PickleValue& dictionary) {
  std::vector<std::string> keys;
  for (std::size_t i = 0; i + 1 < dictionary.items.size(); i += 2)
    if (dictionary.items[i]->kind == Kind::text && holds_tensors(*dictionary.items[i + 1]))
      keys.push_back(dictionary.items[i]->text);
  return keys;
}

/// Looks for the state dict from a value downwards. Values may contain themselves, so each is entered once.
class StateDictSearch {
public:
  explicit StateDictSearch(const std::filesystem::path& file) : file_(file) {}

  struct Found {
    const PickleValue* dictionary = nullptr;
    std::string key = {};
    std::vector<std::string> unused = {};
  };

  std::optional<Found> find(const PickleValue& value) {
    if (value.kind != Kind::dictionary || !entered_.insert(&value).second)
      return std::nullopt;
    for (const std::string_view key : kUsualKeys)
      if (const PickleValue* member = value.find(key); member != nullptr && !is_tensor(*member))
        if (std::optional<Found> found = find(*member)) {
          found->key = std::string(key) + (found->key.empty() ? "" : "." + found->key);
          for (std::string& other : keys_with_tensors(value))
            if (other != key)
              found->unused.push_back(std::move(other));
          return found;
        }
    if (holds_tensors(value))
      return Found{&value};
    const std::vector<std::string> keys = keys_with_tensors(value);
    if (keys.size() > 1)
      fail_ambiguous(keys);
    if (keys.empty())
      return std::nullopt;
    return Found{value.find(keys.front()), keys.front()};
  }

private:
  [[noreturn]] void fail_ambiguous(const std::vector<std::string>& keys) const {
    constexpr std::size_t kShown = 6;
    std::string names;
    for (std::size_t i = 0; i < std::min(kShown, keys.size()); ++i)
      names += (i == 0 ? "" : ", ") + keys[i];
    throw InputError({file_}, "holds several state dicts (" + names + (keys.size() > kShown ? ", ..." : "") + ")",
                     "Save only the one to use");
  }

  const std::filesystem::path& file_;
  std::set<const PickleValue*> entered_;
};

} // namespace

const std::vector<std::string_view>& state_dict_globals() {
  static const std::vector<std::string_view> names = [] {
    std::vector<std::string_view> all = tensor_globals();
    all.insert(all.end(), kPlainData.begin(), kPlainData.end());
    return all;
  }();
  return names;
}

StateDict read_state_dict(const PickleValue& root, const Storages& storages, const std::filesystem::path& file) {
  if (root.kind != Kind::dictionary)
    throw InputError({file}, "does not hold a state dict", "Save model.state_dict() alone");
  std::optional<StateDictSearch::Found> found = StateDictSearch(file).find(root);
  if (!found)
    throw InputError({file}, "holds no tensors", "Save model.state_dict() alone");
  StateDict dict;
  dict.key = std::move(found->key);
  dict.unused = std::move(found->unused);
  const PickleValue& dictionary = *found->dictionary;
  std::set<std::string_view> names;
  for (std::size_t i = 0; i + 1 < dictionary.items.size(); i += 2) {
    const PickleValue &key = *dictionary.items[i], &value = *dictionary.items[i + 1];
    if (!is_tensor(value))
      continue; // counters and settings that stand beside the weights
    if (key.kind != Kind::text || !names.insert(key.text).second)
      throw InputError({file}, "has a tensor without a name of its own (" + key.text + ")",
                       "Save model.state_dict() alone");
    auto [tensor, place] = read_tensor_view(key.text, value, storages, file);
    dict.tensors.push_back(std::move(tensor));
    dict.places.push_back(std::move(place));
  }
  return dict;
}

} // namespace sciexam::inline checkpoint

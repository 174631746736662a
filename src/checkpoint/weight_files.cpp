#include "checkpoint/weight_files.hpp"

#include "support/errors.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace sciexam::inline checkpoint {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kIndexEnding = ".index.json";
constexpr std::string_view kAdapterBegin = "adapter_"; // adapter_config.json, adapter_model.safetensors or .bin

/// How files of weights and training states end. Those that sciexam reads under another name come first.
constexpr std::array<std::string_view, 5> kReadableEndings = {".safetensors", ".bin", ".pt", ".pth", ".ckpt"};
constexpr std::array<std::string_view, 6> kOtherEndings = {kIndexEnding, ".h5", ".msgpack", ".ot", ".onnx", ".gguf"};

/// Beside the weights in a folder of transformers' Trainer.
constexpr std::array<std::string_view, 5> kTrainingStates = {"optimizer.", "scheduler.", "scaler.", "rng_state",
                                                             "training_args."};

template <std::size_t count>
bool ends_like(const std::string& name, const std::array<std::string_view, count>& endings) {
  return std::any_of(endings.begin(), endings.end(), [&](std::string_view ending) { return name.ends_with(ending); });
}

bool is_training_state(const std::string& name) {
  return std::any_of(kTrainingStates.begin(), kTrainingStates.end(),
                     [&](std::string_view begin) { return name.starts_with(begin); });
}

bool is_adapter(const std::string& name) {
  return name.starts_with(kAdapterBegin);
}

bool holds_weights(const std::string& name) {
  return ends_like(name, kReadableEndings) || ends_like(name, kOtherEndings) || name == "adapter_config.json";
}

std::string joined(const std::vector<std::string>& names) {
  constexpr std::size_t kShown = 8;
  std::string text;
  for (std::size_t i = 0; i < std::min(kShown, names.size()); ++i)
    text += (i == 0 ? "" : ", ") + names[i];
  return names.size() > kShown ? text + " and " + std::to_string(names.size() - kShown) + " more" : text;
}

/// Names in `folder` for which `wanted` is true, sorted.
template <typename Wanted>
std::vector<std::string> names_where(const fs::path& folder, const Wanted& wanted) {
  std::vector<std::string> names;
  std::error_code failure; // then there is nothing to say about the folder
  for (fs::directory_iterator entry(folder, failure), end; !failure && entry != end; entry.increment(failure))
    if (wanted(*entry))
      names.push_back(entry->path().filename().string());
  std::sort(names.begin(), names.end());
  return names;
}

bool is_folder(const fs::directory_entry& entry) {
  std::error_code failure;
  return entry.is_directory(failure);
}

bool has_preferred(const fs::path& folder) {
  std::error_code failure;
  return std::any_of(kWeightFileNames.begin(), kWeightFileNames.end(),
                     [&](std::string_view name) { return fs::exists(folder / name, failure); });
}

[[noreturn]] void fail_without_weights(const fs::path& folder, const std::vector<std::string>& found) {
  const std::string place = folder.string() + ": ";
  if (std::any_of(found.begin(), found.end(), is_adapter))
    throw UsageError(place + "holds an adapter of PEFT (" + joined(found) +
                     "), not a complete model. Merge it into its base model in PEFT with merge_and_unload(), and save "
                     "that with save_pretrained()");
  std::vector<std::string> readable;
  for (const std::string& name : found)
    if (ends_like(name, kReadableEndings) && !is_training_state(name))
      readable.push_back(name);
  if (std::any_of(readable.begin(), readable.end(),
                  [](const std::string& name) { return name.find("-of-") != std::string::npos; }))
    throw UsageError(
        place + "has shards (" + joined(readable) +
        ") without their index. Download model.safetensors.index.json or pytorch_model.bin.index.json too");
  if (!readable.empty())
    throw UsageError(place + "has no model.safetensors or pytorch_model.bin, but " + joined(readable) +
                     ". Rename the one to use to model.safetensors; its form is read from its content");
  const std::vector<std::string> folders = names_where(
      folder, [](const fs::directory_entry& entry) { return is_folder(entry) && has_preferred(entry.path()); });
  if (!folders.empty())
    throw UsageError(place + "has no weights, but folders with weights: " + joined(folders) + ". Give one of them");
  throw UsageError(place + "has no weights" + (found.empty() ? "" : " that sciexam reads, but " + joined(found)) +
                   ". Give a folder with model.safetensors or pytorch_model.bin, or one with their index and shards");
}

} // namespace

bool is_shard_index(const fs::path& file) {
  return file.filename().string().ends_with(kIndexEnding);
}

WeightFiles find_weight_files(const fs::path& folder) {
  std::vector<std::string> found = names_where(folder, [](const fs::directory_entry& entry) {
    return !is_folder(entry) && holds_weights(entry.path().filename().string());
  });
  const auto* const chosen = std::find_if(kWeightFileNames.begin(), kWeightFileNames.end(),
                                          [&](std::string_view name) { return fs::exists(folder / name); });
  if (chosen == kWeightFileNames.end())
    fail_without_weights(folder, found);
  std::erase(found, std::string(*chosen));
  return {folder / *chosen, std::move(found)};
}

std::string describe_unused(const WeightFiles& files, const std::vector<std::string>& shards) {
  std::vector<std::string> unused;
  for (const std::string& name : files.others)
    if (std::find(shards.begin(), shards.end(), name) == shards.end())
      unused.push_back(name);
  if (unused.empty())
    return {};
  const bool second = std::any_of(unused.begin(), unused.end(), [](const std::string& name) {
    return std::find(kWeightFileNames.begin(), kWeightFileNames.end(), name) != kWeightFileNames.end();
  });
  const bool adapter = std::any_of(unused.begin(), unused.end(), is_adapter);
  return "the weights are those of " + files.chosen.filename().string() +
         (second ? ", which transformers prefers too" : "") + "; not used: " + joined(unused) +
         (adapter ? " (an adapter that is not merged into the weights)" : "");
}

} // namespace sciexam::inline checkpoint

// Which of the files in a checkpoint's folder are its weights.
#pragma once

#include <array>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace sciexam::inline checkpoint {

/// The names under which a folder's weights are looked for, in the order of preference, which is that of transformers.
inline constexpr std::array<std::string_view, 4> kWeightFileNames = {
    "model.safetensors", "model.safetensors.index.json", "pytorch_model.bin", "pytorch_model.bin.index.json"};

/// What weights a folder has.
struct WeightFiles {
  std::filesystem::path chosen;         ///< weights, or the index of shards
  std::vector<std::string> others = {}; ///< names of the other files that hold weights or training states, sorted
};

/// Chooses the first of model.safetensors, model.safetensors.index.json, pytorch_model.bin and
/// pytorch_model.bin.index.json. Throws UsageError if there is none, saying what lies there instead: an adapter,
/// weights under another name or of another library, shards without index, folders that have weights.
WeightFiles find_weight_files(const std::filesystem::path& folder);

/// A line about the files that are not used; `shards` are those that the chosen index names. Empty if there are none.
std::string describe_unused(const WeightFiles& files, const std::vector<std::string>& shards);

/// True for an index of shards.
bool is_shard_index(const std::filesystem::path& file);

} // namespace sciexam::inline checkpoint

// A checkpoint in any form that Hugging Face's library leaves on disk.
#pragma once

#include "checkpoint/weight_source.hpp"

#include <filesystem>
#include <memory>

namespace sciexam {

/// Opens a folder's weights: model.safetensors, model.safetensors.index.json
/// with its shards, pytorch_model.bin or pytorch_model.bin.index.json with its
/// shards, the first that is there; or one file, whose form its content tells.
/// Throws UsageError if there is nothing of the kind, InputError (file and
/// tensor) if it is damaged, if a shard lies outside of the folder, or if shards
/// contradict their index or each other.
std::unique_ptr<WeightSource> open_checkpoint(const std::filesystem::path& folder_or_file);

} // namespace sciexam

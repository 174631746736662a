// A checkpoint in any form that Hugging Face's library leaves on disk.
#pragma once

#include "checkpoint/weight_source.hpp"

#include <filesystem>
#include <memory>

namespace sciexam::inline checkpoint {

/// Opens a folder's weights, those that find_weight_files() chooses; or one file, whose form its content shows, or an
/// index of shards. What else the folder has is in the source's notes(). Throws UsageError if there is nothing of the
/// kind, InputError (file and tensor) if it is damaged, if a shard lies outside of the folder, or if shards contradict
/// their index or each other.
std::unique_ptr<WeightSource> open_checkpoint(const std::filesystem::path& folder_or_file);

} // namespace sciexam::inline checkpoint

// Where the contexts of a data file come from.
#pragma once

#include "retrieval/contexts/retrieval_record.hpp"
#include "train/manifest/manifest.hpp"

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace sciexam::inline train {

/// The record that `sciexam-run retrieve` left beside the file, whose own hash is `sha256`. One that cannot be read, or
/// is of another file, is not used: then a sentence is added to `notes`, and so it is where the index was damaged.
/// Throws InputError if the manifest names the index and the record does not, or there is none to be used.
std::optional<RetrievalRecord> retrieval_of(const ManifestData& data, const std::filesystem::path& file,
                                            const std::string& sha256, std::vector<std::string>& notes);

} // namespace sciexam::inline train

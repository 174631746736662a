// A trained model as a folder in Hugging Face's form.
#pragma once

#include "model/deberta.hpp"
#include "support/text/json.hpp"
#include "tokenizer/checkpoint_vocabulary.hpp"

#include <filesystem>
#include <string>

namespace sciexam {

/// Writes model.safetensors (f32), config.json, the vocabulary and training.json (`record`, for `pack`); each file
/// appears whole or not at all. Throws WorkError if the disk is full. Returns the sha256 of model.safetensors.
std::string write_checkpoint_folder(const DebertaForMultipleChoice& network, const std::filesystem::path& folder,
                                    const std::string& config_text, const Vocabulary& vocabulary, const Json& record);

/// The sha256 of a file. Throws UsageError if it cannot be read.
std::string sha256_of_file(const std::filesystem::path& file);

} // namespace sciexam

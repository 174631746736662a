// A trained model as a folder in Hugging Face's form.
#pragma once

#include "support/text/json.hpp"
#include "tokenizer/checkpoint_vocabulary.hpp"

#include <filesystem>
#include <functional>
#include <string>

namespace sciexam::inline train {

/// What a checkpoint has beside its weights.
struct CheckpointFiles {
  std::string config_text;      ///< config.json
  Vocabulary vocabulary;        ///< written under its own name
  Json record = Json::object(); ///< training.json, for `pack`
};

/// Makes a folder of these and of model.safetensors, which `save_weights` writes to the path that it is given; each
/// file appears complete or not at all. Throws WorkError if the disk is full. Returns the sha256 of model.safetensors.
std::string write_checkpoint_folder(const std::filesystem::path& folder, const CheckpointFiles& files,
                                    const std::function<void(const std::filesystem::path&)>& save_weights);

} // namespace sciexam::inline train

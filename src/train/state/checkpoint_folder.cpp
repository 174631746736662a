#include "train/state/checkpoint_folder.hpp"

#include "support/errors.hpp"
#include "support/files/files.hpp"
#include "support/files/sha256.hpp"

#include <system_error>

namespace sciexam::inline train {

std::string write_checkpoint_folder(const std::filesystem::path& folder, const CheckpointFiles& files,
                                    const std::function<void(const std::filesystem::path&)>& save_weights) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error)
    throw WorkError(folder.string() + ": cannot be created: " + error.message() + ". Check the folder above it");
  remove_temporary_files(folder);
  const std::filesystem::path weights = folder / "model.safetensors";
  save_weights(weights);
  write_file_atomically(folder / "config.json", files.config_text);
  write_file_atomically(folder / files.vocabulary.name, files.vocabulary.bytes);
  write_file_atomically(folder / "training.json", files.record.dump(1) + "\n");
  return sha256_of_file(weights);
}

} // namespace sciexam::inline train

#include "train/run/checkpoint_folder.hpp"

#include "model/weights.hpp"
#include "support/errors.hpp"
#include "support/files/files.hpp"
#include "support/files/sha256.hpp"

#include <algorithm>
#include <system_error>

namespace sciexam {

std::string sha256_of_file(const std::filesystem::path& file) {
  constexpr std::size_t kPiece = std::size_t{16} << 20;
  const MappedFile mapped(file);
  Sha256 hash;
  for (std::size_t at = 0; at < mapped.bytes().size(); at += kPiece) {
    const auto piece = mapped.bytes().subspan(at, std::min(kPiece, mapped.bytes().size() - at));
    hash.update(piece);
    mapped.release(piece);
  }
  return hash.hex();
}

std::string write_checkpoint_folder(const DebertaForMultipleChoice& network, const std::filesystem::path& folder,
                                    const std::string& config_text, const Vocabulary& vocabulary, const Json& record) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error)
    throw WorkError(folder.string() + ": cannot be made: " + error.message() + ". Check the folder above it");
  remove_temporary_files(folder);
  const std::filesystem::path weights = folder / "model.safetensors";
  save_weights(network, weights, DType::f32);
  write_file_atomically(folder / "config.json", config_text);
  write_file_atomically(folder / vocabulary.name, vocabulary.bytes);
  write_file_atomically(folder / "training.json", record.dump(1) + "\n");
  return sha256_of_file(weights);
}

} // namespace sciexam

#include "train/inputs/file_hash.hpp"

#include "support/files/files.hpp"
#include "support/files/sha256.hpp"

#include <algorithm>

namespace sciexam::inline train {

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

} // namespace sciexam::inline train

#include "support/files/sha256.hpp"

#include "support/files/files.hpp"

#include <algorithm>
#include <array>
#include <new>

// The low-level calls add a few kilobytes to the executable; the provider
// machinery behind EVP would add megabytes.
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/sha.h>

namespace sciexam::inline support {
namespace {

SHA256_CTX* context(std::byte* state) {
  return std::launder(reinterpret_cast<SHA256_CTX*>(state));
}

} // namespace

Sha256::Sha256() {
  static_assert(sizeof(SHA256_CTX) <= sizeof state_ && alignof(SHA256_CTX) <= 8);
  SHA256_Init(new (state_) SHA256_CTX);
}

void Sha256::update(std::span<const std::byte> bytes) {
  SHA256_Update(context(state_), bytes.data(), bytes.size());
}

std::string Sha256::hex() {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
  SHA256_Final(digest.data(), context(state_));
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (const unsigned char byte : digest) {
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

std::string sha256_hex(std::span<const std::byte> bytes) {
  Sha256 hash;
  hash.update(bytes);
  return hash.hex();
}

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

} // namespace sciexam::inline support

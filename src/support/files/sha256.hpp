// SHA-256 (FIPS 180-4), by OpenSSL's libcrypto.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>

namespace sciexam::inline support {

/// 64 lower-case hexadecimal digits.
std::string sha256_hex(std::span<const std::byte> bytes);

/// The same for bytes that arrive in pieces.
class Sha256 {
public:
  Sha256();
  void update(std::span<const std::byte> bytes);
  /// Finishes the hash; call it once.
  std::string hex();

private:
  alignas(8) std::byte state_[128]; // libcrypto's SHA256_CTX
};

/// The sha256 of a file, in hexadecimal digits. Throws UsageError if it cannot be read.
std::string sha256_of_file(const std::filesystem::path& file);

} // namespace sciexam::inline support

// The entries of a zip file, for reading stored ones straight from a mapping.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <string>

namespace sciexam::inline checkpoint {

/// One entry. Its bytes lie inside the file; they are its content if it is stored.
struct ZipEntry {
  std::uint64_t offset = 0; ///< of its first byte in the file
  std::uint64_t size = 0;   ///< of its bytes in the file
  bool stored = false;      ///< neither compressed nor encrypted
};

/// All entries by name. `file` is only used in messages. Throws InputError if it is not a zip file, is damaged, or has
/// two entries of the same name.
std::map<std::string, ZipEntry> read_zip_directory(std::span<const std::byte> bytes, const std::filesystem::path& file);

} // namespace sciexam::inline checkpoint

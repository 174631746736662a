#include "checkpoint/zip_directory.hpp"

#include "support/errors.hpp"

#include <algorithm>
#include <cstring>
#include <memory>

#include <minizip/unzip.h>

namespace sciexam::inline checkpoint {
namespace {

/// A file in memory with a position: what minizip reads from.
struct MemoryFile {
  std::span<const std::byte> bytes;
  std::uint64_t at = 0;
};

MemoryFile& memory_file(voidpf stream) {
  return *static_cast<MemoryFile*>(stream);
}

voidpf open_memory(voidpf opaque, const void*, int) {
  return opaque;
}

uLong read_memory(voidpf, voidpf stream, void* buffer, uLong size) {
  MemoryFile& file = memory_file(stream);
  const std::uint64_t count = std::min<std::uint64_t>(size, file.bytes.size() - file.at);
  if (count > 0)
    std::memcpy(buffer, file.bytes.data() + file.at, count);
  file.at += count;
  return static_cast<uLong>(count);
}

uLong write_nothing(voidpf, voidpf, const void*, uLong) {
  return 0;
}

ZPOS64_T tell_memory(voidpf, voidpf stream) {
  return memory_file(stream).at;
}

long seek_memory(voidpf, voidpf stream, ZPOS64_T offset, int origin) {
  MemoryFile& file = memory_file(stream);
  const std::uint64_t base = origin == ZLIB_FILEFUNC_SEEK_SET   ? 0
                             : origin == ZLIB_FILEFUNC_SEEK_CUR ? file.at
                                                                : file.bytes.size();
  std::uint64_t target = 0;
  if (__builtin_add_overflow(base, offset, &target) || target > file.bytes.size())
    return -1;
  file.at = target;
  return 0;
}

int nothing_to_do(voidpf, voidpf) {
  return 0;
}

struct CloseZip {
  void operator()(void* zip) const { unzClose(zip); }
};
using Zip = std::unique_ptr<void, CloseZip>;

[[noreturn]] void fail(const std::filesystem::path& file, const std::string& problem) {
  throw InputError({file}, problem, "The file is damaged or cut off: get it from its source again");
}

/// The entry that `zip` stands at, and its name.
std::pair<std::string, ZipEntry> current_entry(unzFile zip, std::uint64_t file_size,
                                               const std::filesystem::path& file) {
  unz_file_info64 info{};
  if (unzGetCurrentFileInfo64(zip, &info, nullptr, 0, nullptr, 0, nullptr, 0) != UNZ_OK)
    fail(file, "has a damaged zip directory");
  std::string name(info.size_filename + 1, '\0'); // minizip ends it with a zero
  if (unzGetCurrentFileInfo64(zip, &info, name.data(), name.size(), nullptr, 0, nullptr, 0) != UNZ_OK)
    fail(file, "has a damaged zip directory");
  name.resize(info.size_filename);

  constexpr uLong kEncrypted = 1;
  ZipEntry entry;
  entry.size = info.compressed_size;
  entry.stored =
      info.compression_method == 0 && (info.flag & kEncrypted) == 0 && info.compressed_size == info.uncompressed_size;
  // The raw form needs no password and inflates nothing.
  int method = 0, level = 0;
  if (unzOpenCurrentFile2(zip, &method, &level, 1) != UNZ_OK)
    fail(file, "has an entry " + name + " that its zip directory contradicts");
  entry.offset = unzGetCurrentFileZStreamPos64(zip);
  unzCloseCurrentFile(zip);
  if (entry.offset > file_size || entry.size > file_size - entry.offset)
    fail(file, "ends inside its zip entry " + name);
  return {std::move(name), entry};
}

} // namespace

std::map<std::string, ZipEntry> read_zip_directory(std::span<const std::byte> bytes,
                                                   const std::filesystem::path& file) {
  MemoryFile memory{bytes};
  zlib_filefunc64_def functions{open_memory, read_memory,   write_nothing, tell_memory,
                                seek_memory, nothing_to_do, nothing_to_do, &memory};
  const Zip zip(unzOpen2_64(file.c_str(), &functions));
  if (!zip)
    fail(file, "is not a complete zip file");
  std::map<std::string, ZipEntry> entries;
  int status = unzGoToFirstFile(zip.get());
  while (status == UNZ_OK) {
    const auto entry = current_entry(zip.get(), bytes.size(), file);
    if (!entries.insert(entry).second)
      fail(file, "has two zip entries named " + entry.first);
    status = unzGoToNextFile(zip.get());
  }
  if (status != UNZ_END_OF_LIST_OF_FILE)
    fail(file, "has a damaged zip directory");
  return entries;
}

} // namespace sciexam::inline checkpoint

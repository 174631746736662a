#include "retrieval/index/checked_file.hpp"

#include "retrieval/index/bytes.hpp"
#include "retrieval/index/crc32c.hpp"
#include "support/errors.hpp"
#include "support/text/counted.hpp"

#include <algorithm>

namespace sciexam::inline retrieval {
namespace {

constexpr std::size_t kWriteBytes = std::size_t{1} << 20;

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text));
}

} // namespace

CheckedFileWriter::CheckedFileWriter(const std::filesystem::path& path, std::string_view marker) : file_(path) {
  if (marker.size() != kMarkerBytes)
    throw InternalError("an index file's marker has " + counted(marker.size(), "byte"));
  record_.name = path.filename().string();
  write(marker);
}

void CheckedFileWriter::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const std::uint64_t room = kChunkBytes - record_.content % kChunkBytes;
    const std::string_view part = bytes.substr(0, room);
    chunk_ = crc32c(bytes_of(part), chunk_);
    pending_ += part;
    record_.content += part.size();
    if (record_.content % kChunkBytes == 0)
      end_chunk();
    bytes.remove_prefix(part.size());
  }
  if (pending_.size() >= kWriteBytes)
    flush();
}

void CheckedFileWriter::end_chunk() {
  append_number(checksums_, chunk_);
  chunk_ = 0;
}

void CheckedFileWriter::flush() {
  hash_.update(bytes_of(pending_));
  file_.write(pending_);
  pending_.clear();
}

CheckedFileRecord CheckedFileWriter::finish() {
  if (record_.content % kChunkBytes != 0)
    end_chunk();
  record_.checksums = crc32c(bytes_of(checksums_));
  pending_ += checksums_;
  flush();
  record_.sha256 = hash_.hex();
  return record_;
}

CheckedFile::CheckedFile(IndexFile file, const CheckedFileRecord& record, std::string_view marker)
    : file_(std::move(file)), record_(record) {
  const std::span<const std::byte> bytes = file_.bytes();
  if (bytes.size() != record_.size())
    throw PackageError(
        path(), "is " + counted(bytes.size(), "byte") + " long, but index.json says " + std::to_string(record_.size()),
        kIndexRemedy);
  if (crc32c(bytes.subspan(record_.content)) != record_.checksums)
    throw PackageError(path(), "is damaged: its chunks' checksums (at its end) do not match index.json", kIndexRemedy);
  checked_ = std::make_unique<std::atomic<bool>[]>(record_.chunks());
  const std::span<const std::byte> begin = bytes.first(std::min<std::uint64_t>(kMarkerBytes, record_.content));
  if (!std::ranges::equal(begin, bytes_of(marker)))
    throw PackageError(path(), "is not what its name says: it does not begin with \"" + std::string(marker) + "\"",
                       kIndexRemedy);
}

void CheckedFile::check(std::uint64_t chunk) const {
  const std::uint64_t begin = chunk * kChunkBytes, end = std::min(begin + kChunkBytes, record_.content);
  const std::span<const std::byte> bytes = file_.bytes();
  const auto stored = load_number<std::uint32_t>(bytes.data() + record_.content + 4 * chunk);
  if (crc32c(bytes.subspan(begin, end - begin)) != stored)
    throw PackageError(path(),
                       "is damaged: chunk " + std::to_string(chunk) + " of " + std::to_string(record_.chunks()) +
                           " (bytes " + std::to_string(begin) + " to " + std::to_string(end - 1) +
                           ") does not match its checksum",
                       kIndexRemedy);
  checked_[chunk].store(true, std::memory_order_relaxed);
}

void CheckedFile::fail_outside(std::uint64_t offset, std::uint64_t size) const {
  throw PackageError(path(),
                     "is damaged: " + counted(size, "byte") + " from byte " + std::to_string(offset) +
                         " on would lie outside of its " + std::to_string(record_.content),
                     kIndexRemedy);
}

} // namespace sciexam::inline retrieval

#include "package/zstd_frames.hpp"

#include "support/errors.hpp"
#include "support/machine/threads.hpp"
#include "support/text/counted.hpp"

#include <algorithm>
#include <memory>
#include <utility>

#include <zstd.h>

namespace sciexam::inline package {
namespace {

// Weights hardly compress: what there is to gain is in their exponents, and
// level 3 finds it as well as level 6 does, at twice its speed.
constexpr int kCompressionLevel = 3;

// zstd_seekable_compression_format.md, "Seek Table Format"
constexpr std::uint32_t kSkippableMagic = 0x184D2A5E;
constexpr std::uint32_t kSeekableMagic = 0x8F92EAB1;
constexpr std::uint64_t kHeaderBytes = 8, kEntryBytes = 8, kFooterBytes = 9;

void append_le32(std::string& text, std::uint64_t value) {
  for (int shift = 0; shift < 32; shift += 8)
    text += static_cast<char>(value >> shift & 0xff);
}

std::vector<std::byte> compress(std::span<const std::byte> raw) {
  const std::unique_ptr<ZSTD_CCtx, decltype(&ZSTD_freeCCtx)> context(ZSTD_createCCtx(), ZSTD_freeCCtx);
  if (!context)
    throw std::bad_alloc();
  ZSTD_CCtx_setParameter(context.get(), ZSTD_c_compressionLevel, kCompressionLevel);
  ZSTD_CCtx_setParameter(context.get(), ZSTD_c_checksumFlag, 1);
  std::vector<std::byte> out(ZSTD_compressBound(raw.size()));
  const std::size_t size = ZSTD_compress2(context.get(), out.data(), out.size(), raw.data(), raw.size());
  if (ZSTD_isError(size))
    throw InternalError(std::string("zstd cannot compress a frame: ") + ZSTD_getErrorName(size));
  out.resize(size);
  return out;
}

} // namespace

std::uint64_t compressed_bound(std::uint64_t raw_size) {
  return ZSTD_compressBound(raw_size);
}

std::uint64_t seek_table_bytes(std::size_t frames) {
  return kHeaderBytes + frames * kEntryBytes + kFooterBytes;
}

FrameWriter::FrameWriter(const std::filesystem::path& path, int threads)
    : file_(path), threads_(std::max(1, threads)) {}

void FrameWriter::add(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const std::size_t count = std::min(bytes.size(), kFrameBytes - block_.size());
    block_.insert(block_.end(), bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(count));
    bytes = bytes.subspan(count);
    if (block_.size() == kFrameBytes)
      end_frame();
  }
}

void FrameWriter::end_frame() {
  if (block_.empty())
    return;
  pending_.push_back(std::exchange(block_, {}));
  block_.reserve(kFrameBytes);
  if (pending_.size() == static_cast<std::size_t>(threads_))
    compress_pending();
}

void FrameWriter::compress_pending() {
  std::vector<std::vector<std::byte>> compressed(pending_.size());
  std::vector<Frame> frames(pending_.size());
  parallel_for(pending_.size(), threads_, [&](std::size_t i) {
    compressed[i] = compress(pending_[i]);
    frames[i].sha256 = sha256_hex(compressed[i]);
    frames[i].raw_sha256 = sha256_hex(pending_[i]);
  });
  for (std::size_t i = 0; i < frames.size(); ++i) {
    frames[i].offset = file_.size();
    frames[i].size = compressed[i].size();
    frames[i].raw_offset = record_.raw_size;
    frames[i].raw_size = pending_[i].size();
    file_.write(compressed[i]);
    record_.raw_size += pending_[i].size();
    record_.frames.push_back(std::move(frames[i]));
  }
  parallel_for(2, threads_, [&](std::size_t which) {
    Sha256& hash = which == 0 ? hash_ : raw_hash_;
    for (const std::vector<std::byte>& bytes : which == 0 ? compressed : pending_)
      hash.update(bytes);
  });
  pending_.clear();
}

void FrameWriter::write_seek_table() {
  const std::size_t count = record_.frames.size();
  std::string table;
  append_le32(table, kSkippableMagic);
  append_le32(table, seek_table_bytes(count) - kHeaderBytes);
  for (const Frame& frame : record_.frames) {
    append_le32(table, frame.size);
    append_le32(table, frame.raw_size);
  }
  append_le32(table, count);
  table += '\0'; // descriptor: no checksums here, each frame has its own
  append_le32(table, kSeekableMagic);

  const auto bytes = std::as_bytes(std::span(table));
  record_.seek_table = {file_.size(), bytes.size(), sha256_hex(bytes)};
  hash_.update(bytes);
  file_.write(bytes);
}

FramedFile FrameWriter::finish() {
  end_frame();
  compress_pending();
  write_seek_table();
  record_.size = file_.size();
  record_.sha256 = hash_.hex();
  record_.raw_sha256 = raw_hash_.hex();
  return std::move(record_);
}

FrameReader::FrameReader(PackageFile file, FramedFile record, Form form)
    : file_(std::move(file)), record_(std::move(record)), form_(form) {
  const std::uint64_t expected = form_ == Form::compressed ? record_.size : record_.raw_size;
  if (file_.size() != expected)
    throw PackageError(file_.path(),
                       "is " + counted(file_.size(), "byte") + " long, but the manifest says " +
                           std::to_string(expected),
                       "Upload or copy this file again");
}

std::span<const std::byte> FrameReader::read(std::size_t index, FrameMemory& memory) const {
  const Frame& frame = record_.frames.at(index);
  std::vector<std::byte>&raw = memory.raw, &compressed = memory.compressed;
  raw.resize(frame.raw_size);
  if (form_ == Form::plain) {
    file_.read(frame.raw_offset, raw);
    check_raw(index, raw);
    return raw;
  }
  compressed.resize(frame.size);
  file_.read(frame.offset, compressed);
  if (sha256_hex(compressed) != frame.sha256)
    fail(index, "does not match its sha256 in the manifest");
  const std::size_t size = ZSTD_decompress(raw.data(), raw.size(), compressed.data(), compressed.size());
  if (ZSTD_isError(size))
    fail(index, std::string("cannot be decoded (") + ZSTD_getErrorName(size) + ")");
  if (size != raw.size())
    fail(index, "holds " + counted(size, "byte") + " where the manifest says " + std::to_string(raw.size()));
  return raw;
}

std::vector<std::byte> FrameReader::read_and_verify(std::size_t index) const {
  FrameMemory memory;
  read(index, memory);
  if (form_ == Form::compressed)
    check_raw(index, memory.raw);
  return std::move(memory.raw);
}

void FrameReader::check_raw(std::size_t index, std::span<const std::byte> raw) const {
  if (sha256_hex(raw) != record_.frames[index].raw_sha256)
    fail(index, "does not match the sha256 of its plain bytes in the manifest");
}

void FrameReader::fail(std::size_t index, const std::string& problem) const {
  const Frame& frame = record_.frames[index];
  const std::uint64_t first = form_ == Form::compressed ? frame.offset : frame.raw_offset;
  const std::uint64_t size = form_ == Form::compressed ? frame.size : frame.raw_size;
  throw PackageError(file_.path(),
                     "frame " + std::to_string(index) + " of " + std::to_string(record_.frames.size()) + " (bytes " +
                         std::to_string(first) + " to " + std::to_string(first + size - 1) + ") " + problem,
                     "Upload or copy this file again");
}

} // namespace sciexam::inline package

#include "retrieval/build/run_reader.hpp"

#include "retrieval/index/term_dictionary.hpp"
#include "support/errors.hpp"

#include <algorithm>

#include <zstd.h>

namespace sciexam::inline retrieval {
namespace {

constexpr std::uint64_t kMostVarints = 30; // bytes of the three of a term's record

} // namespace

Run::Run(const std::filesystem::path& folder, const RunRecord& record)
    : record_(record), file_(IndexFile(folder / record.file.name), record.file, kRunMarker) {}

void Run::read_lengths(std::vector<std::uint16_t>& lengths) const {
  const std::span<const std::byte> bytes = file_.read(record_.lengths_at, 2 * record_.passages);
  for (std::size_t i = 0; i < record_.passages; ++i)
    lengths.push_back(load_number<std::uint16_t>(bytes.data() + 2 * i));
}

bool RunDocuments::next_frame() {
  if (at_ >= run_.record().lengths_at)
    return false;
  const std::uint64_t left = run_.record().lengths_at - at_;
  const std::span<const std::byte> head = run_.file().read(at_, std::min<std::uint64_t>(left, 10));
  ByteReader reader(head, run_.file().path());
  const std::uint64_t size = reader.varint(left);
  at_ += head.size() - reader.left();
  const std::span<const std::byte> frame = run_.file().read(at_, size);
  at_ += size;
  const unsigned long long bytes = ZSTD_getFrameContentSize(frame.data(), frame.size());
  if (bytes == ZSTD_CONTENTSIZE_UNKNOWN || bytes == ZSTD_CONTENTSIZE_ERROR)
    throw PackageError({run_.file().path()}, "has a frame of documents of unknown size", kIndexRemedy);
  frame_.resize(bytes);
  const std::size_t got = ZSTD_decompress(frame_.data(), frame_.size(), frame.data(), frame.size());
  if (ZSTD_isError(got) != 0U || got != bytes)
    throw PackageError({run_.file().path()}, "has a damaged frame of documents", kIndexRemedy);
  in_frame_ = 0;
  return true;
}

bool RunDocuments::next(RunDocument& document) {
  if (in_frame_ == frame_.size() && !next_frame())
    return false;
  ByteReader reader(std::as_bytes(std::span(frame_)).subspan(in_frame_), run_.file().path());
  const std::uint64_t id = reader.varint(), title = reader.varint(), text = reader.varint();
  document.id = reader.text(id);
  document.title = reader.text(title);
  document.text = reader.text(text);
  document.windows.resize(reader.varint(text));
  std::uint64_t begin = 0;
  for (Window& window : document.windows) {
    begin += reader.varint(text);
    window = {begin, reader.varint(text)};
  }
  in_frame_ = frame_.size() - reader.left();
  return true;
}

void RunTerms::next() {
  const std::uint64_t content = run_->file().content();
  term_ = {};
  if (at_ >= content)
    return;
  const std::span<const std::byte> head =
      run_->file().read(at_, std::min(content - at_, kMostTermBytes + kMostVarints));
  ByteReader reader(head, run_->file().path());
  term_ = reader.text(reader.varint(kMostTermBytes));
  passages_ = static_cast<std::uint32_t>(reader.varint(run_->record().passages));
  const std::uint64_t size = reader.varint(content);
  const std::uint64_t begin = at_ + head.size() - reader.left();
  postings_ = run_->file().read(begin, size);
  at_ = begin + size;
  if (term_.empty())
    fail();
}

void RunTerms::fail() const {
  throw PackageError({run_->file().path()}, "has postings that contradict themselves", kIndexRemedy);
}

} // namespace sciexam::inline retrieval

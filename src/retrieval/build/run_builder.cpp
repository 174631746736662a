#include "retrieval/build/run_builder.hpp"

#include "retrieval/index/bytes.hpp"
#include "retrieval/index/postings_block.hpp"
#include "retrieval/index/postings_writer.hpp"
#include "support/errors.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

#include <zstd.h>

namespace sciexam::inline retrieval {
namespace {

constexpr std::uint32_t kUnknownNumber = UINT32_MAX;
constexpr std::size_t kDocumentsFrame = std::size_t{1} << 20;
constexpr int kRunCompression = 1; // read once, by the merge

} // namespace

RunBuilder::RunBuilder(const AnalyserSettings& analyser, const CutterSettings& cutter)
    : analyser_(analyser), cutter_(cutter) {}

void RunBuilder::start() {
  numbers_.clear();
  terms_.clear();
  counts_.clear();
  occurrences_.clear();
  frequencies_.clear();
  lengths_.clear();
  waiting_.clear();
  number_of_word_.assign(analyser_.most_words(), kUnknownNumber);
  record_ = {};
}

RunRecord RunBuilder::build(std::span<const SourceDocument> documents, const std::filesystem::path& path) {
  start();
  CheckedFileWriter file(path, kRunMarker);
  for (const SourceDocument& document : documents)
    add_document(document, file);
  flush_documents(file);
  record_.lengths_at = file.position();
  file.write(lengths_);
  record_.terms_at = file.position();
  write_terms(file);
  record_.postings = occurrences_.size();
  record_.file = file.finish();
  file.commit();
  return record_;
}

void RunBuilder::add_document(const SourceDocument& document, CheckedFileWriter& file) {
  const std::vector<Window> windows = cut_windows(document.text, cutter_);
  for (const std::uint64_t size : {document.id.size(), document.title.size(), document.text.size()})
    append_varint(waiting_, size);
  waiting_ += document.id;
  waiting_ += document.title;
  waiting_ += document.text;
  append_varint(waiting_, windows.size());
  title_.clear();
  add_terms(document.title, title_);
  std::uint64_t last = 0;
  for (const Window& window : windows) {
    append_varint(waiting_, window.begin - last);
    append_varint(waiting_, window.bytes);
    last = window.begin;
    passage_ = title_;
    add_terms(std::string_view(document.text).substr(window.begin, window.bytes), passage_);
    end_passage();
  }
  ++record_.documents;
  record_.text_bytes += document.id.size() + document.title.size() + document.text.size();
  if (waiting_.size() >= kDocumentsFrame)
    flush_documents(file);
}

void RunBuilder::add_terms(std::string_view text, std::vector<std::uint32_t>& terms) {
  analyser_.terms(text, [&](const Term& term) { terms.push_back(number_of(term)); });
}

std::uint32_t RunBuilder::number_of(const Term& term) {
  const bool is_known = term.word != WordTable::kNone;
  if (is_known && number_of_word_[term.word] != kUnknownNumber)
    return number_of_word_[term.word];
  auto found = numbers_.find(term.text);
  if (found == numbers_.end()) {
    found = numbers_.emplace(term.text, static_cast<std::uint32_t>(terms_.size())).first;
    terms_.push_back(&found->first);
    counts_.push_back(0);
    frequencies_.push_back(0);
  }
  if (is_known)
    number_of_word_[term.word] = found->second;
  return found->second;
}

void RunBuilder::end_passage() {
  append_number(lengths_, static_cast<std::uint16_t>(std::min<std::size_t>(passage_.size(), kMostLength)));
  for (const std::uint32_t term : passage_)
    ++frequencies_[term];
  const auto number = static_cast<std::uint32_t>(record_.passages++);
  for (const std::uint32_t term : passage_)
    if (const std::uint32_t frequency = std::exchange(frequencies_[term], 0); frequency != 0) {
      occurrences_.push_back({term, number, static_cast<std::uint16_t>(std::min(frequency, kMostFrequency))});
      ++counts_[term];
    }
}

void RunBuilder::flush_documents(CheckedFileWriter& file) {
  if (waiting_.empty())
    return;
  std::string frame(ZSTD_compressBound(waiting_.size()), '\0');
  const std::size_t size = ZSTD_compress(frame.data(), frame.size(), waiting_.data(), waiting_.size(), kRunCompression);
  if (ZSTD_isError(size) != 0U)
    throw InternalError(std::string("zstd: ") + ZSTD_getErrorName(size));
  std::string head;
  append_varint(head, size);
  file.write(head);
  file.write(std::string_view(frame).substr(0, size));
  waiting_.clear();
}

void RunBuilder::write_terms(CheckedFileWriter& file) {
  // Occurrences are in the order of passages; a counting sort by term keeps that order within each.
  std::vector<std::size_t> next(terms_.size());
  std::exclusive_scan(counts_.begin(), counts_.end(), next.begin(), std::size_t{0});
  const std::vector<std::size_t> begin = next;
  std::vector<Occurrence> sorted(occurrences_.size());
  for (const Occurrence& occurrence : occurrences_)
    sorted[next[occurrence.term]++] = occurrence;

  std::vector<std::uint32_t> order(terms_.size());
  std::iota(order.begin(), order.end(), 0U);
  std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) { return *terms_[a] < *terms_[b]; });
  std::string postings, head;
  for (const std::uint32_t term : order) {
    postings.clear();
    std::uint64_t following = 0; // the passage after the last one
    for (std::size_t i = begin[term]; i < next[term]; ++i) {
      const Occurrence& occurrence = sorted[i];
      const std::uint64_t distance = occurrence.passage + std::uint64_t{1} - following;
      append_varint(postings, 2 * distance + (occurrence.frequency > 1 ? 1 : 0));
      if (occurrence.frequency > 1)
        append_varint(postings, occurrence.frequency);
      following = occurrence.passage + std::uint64_t{1};
    }
    head.clear();
    append_varint(head, terms_[term]->size());
    head += *terms_[term];
    append_varint(head, counts_[term]);
    append_varint(head, postings.size());
    file.write(head);
    file.write(postings);
  }
}

} // namespace sciexam::inline retrieval

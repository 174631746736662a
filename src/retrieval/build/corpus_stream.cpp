#include "retrieval/build/corpus_stream.hpp"

#include "retrieval/corpus/sections.hpp"
#include "support/messages/progress.hpp"

#include <algorithm>
#include <functional>
#include <utility>
#include <variant>

namespace sciexam::inline retrieval {
namespace {

constexpr std::size_t kExamples = 5;

} // namespace

std::uint64_t corpus_file_bytes(const std::filesystem::path& file) {
  std::error_code failure;
  const std::uintmax_t size = std::filesystem::file_size(file, failure);
  return failure ? 0 : size;
}

Json to_json(const CorpusCounts& counts) {
  Json dropped = Json::object();
  for (const auto& [reason, count] : counts.dropped)
    dropped[reason] = {{"documents", count.documents}, {"examples", count.examples}};
  return {{"articles", counts.articles},
          {"replaced", counts.replaced},
          {"newest", counts.newest},
          {"dropped", std::move(dropped)}};
}

CorpusCounts parse_corpus_counts(const JsonView& view) {
  CorpusCounts counts = {static_cast<std::uint64_t>(view.at("articles").integer(0, INT64_MAX)),
                         static_cast<std::uint64_t>(view.at("replaced").integer(0, INT64_MAX)),
                         view.at("newest").string(),
                         {}};
  for (const auto& [reason, dropped] : view.at("dropped").members()) {
    DroppedCount& count = counts.dropped[reason];
    count.documents = static_cast<std::uint64_t>(dropped.at("documents").integer(0, INT64_MAX));
    const JsonView examples = dropped.at("examples");
    for (std::size_t i = 0; i < examples.size(); ++i)
      count.examples.push_back(examples.at(i).string());
  }
  return counts;
}

CorpusStream::CorpusStream(const std::vector<std::filesystem::path>& files, const CorpusPosition& position,
                           CorpusCounts counts, int threads)
    : files_(files), position_{position.file, 0}, counts_(std::move(counts)),
      most_readers_(static_cast<std::size_t>(std::max(1, threads))) {
  for (std::size_t file = 0; file < position.file && file < files.size(); ++file)
    bytes_before_ += corpus_file_bytes(files[file]);
  if (position.records == 0 || !open_next())
    return;
  const std::filesystem::path& file = files[position.file];
  Progress progress("finding the place in " + (file == "-" ? "standard input" : file.filename().string()),
                    position.records, "articles");
  for (; position_.records < position.records && reader().next(); ++position_.records)
    progress.advance(1);
  progress.finish();
}

/// Keeps the readers of the next files going. False: there is no file left.
bool CorpusStream::open_next() {
  while (readers_.size() < most_readers_ && position_.file + readers_.size() < files_.size())
    readers_.push_back(std::make_unique<ReadAhead>(files_[position_.file + readers_.size()]));
  return !readers_.empty();
}

std::uint64_t CorpusStream::bytes_read() const {
  return bytes_before_ + (readers_.empty() ? 0 : readers_.front()->bytes_read());
}

bool CorpusStream::learn(std::string_view text) {
  return known_.insert(std::hash<std::string_view>()(text)).second;
}

void CorpusStream::drop(const std::string& reason, const std::string& title, std::size_t row) {
  DroppedCount& count = counts_.dropped[reason];
  if (++count.documents <= kExamples)
    count.examples.push_back((title.empty() ? "(" : title + " (") + files_[position_.file].filename().string() +
                             ", row " + std::to_string(row) + ")");
}

bool CorpusStream::next(SourceDocument& document) {
  while (open_next()) {
    auto record = reader().next();
    if (!record) {
      counts_.replaced += reader().replaced();
      bytes_before_ += corpus_file_bytes(files_[position_.file]);
      readers_.pop_front();
      position_ = {position_.file + 1, 0};
      continue;
    }
    ++position_.records;
    if (const auto* dropped = std::get_if<DroppedDocument>(&*record)) {
      drop(std::string(name_of(dropped->reason)), dropped->title, dropped->row);
      continue;
    }
    document = std::move(std::get<SourceDocument>(*record));
    document.text = without_reference_sections(document.text);
    if (document.text.find_first_not_of(" \t\r\n") == std::string::npos)
      drop("empty", document.title, document.row);
    else if (!learn(document.text))
      drop("duplicate", document.title, document.row);
    else {
      ++counts_.articles;
      counts_.newest = std::max(counts_.newest, document.timestamp);
      return true;
    }
  }
  return false;
}

} // namespace sciexam::inline retrieval

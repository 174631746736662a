// The documents of all files of a corpus, in order, without those that are not articles.
#pragma once

#include "retrieval/corpus/read_ahead.hpp"
#include "support/text/json.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

namespace sciexam::inline retrieval {

/// What was left out for one reason.
struct DroppedCount {
  std::uint64_t documents = 0;
  std::vector<std::string> examples; ///< the first few: "TITLE (FILE, row ROW)"
};

struct CorpusCounts {
  std::uint64_t articles = 0;
  std::uint64_t replaced = 0; ///< ill-formed UTF-8 sequences, in the files that were read to their end
  std::string newest = {};    ///< the latest timestamp of an article, as the files have it; empty if they have none
  std::map<std::string, DroppedCount> dropped; ///< by reason, such as "redirect"
};

/// 0 for what is no file, such as standard input.
std::uint64_t corpus_file_bytes(const std::filesystem::path& file);

Json to_json(const CorpusCounts& counts);
/// Throws InputError.
CorpusCounts parse_corpus_counts(const JsonView& view);

/// How far a corpus was read.
struct CorpusPosition {
  std::size_t file = 0;
  std::uint64_t records = 0; ///< of that file, those left out among them
};

class CorpusStream {
public:
  /// Goes on at `position`, where `counts` is what the part before it had. `files` must outlive this.
  /// Reads up to `threads` files at once.
  CorpusStream(const std::vector<std::filesystem::path>& files, const CorpusPosition& position, CorpusCounts counts,
               int threads = 1);

  /// The next article: with its reference sections removed, and no text that an earlier one had. Throws InputError.
  bool next(SourceDocument& document);
  /// A text that an earlier process has read. Returns false if it was known.
  bool learn(std::string_view text);

  const CorpusPosition& position() const noexcept { return position_; }
  const CorpusCounts& counts() const noexcept { return counts_; }
  /// Bytes of the files that were read, as they are stored, also before the position where it began.
  std::uint64_t bytes_read() const;

private:
  bool open_next();
  ReadAhead& reader() { return *readers_.front(); }
  void drop(const std::string& reason, const std::string& title, std::size_t row);

  const std::vector<std::filesystem::path>& files_;
  CorpusPosition position_;
  CorpusCounts counts_;
  std::deque<std::unique_ptr<ReadAhead>> readers_; // of the current file and those that follow it
  std::size_t most_readers_;
  std::uint64_t bytes_before_ = 0; // of the files before the current one
  /// Hashes of all texts so far, 64 bits each. The standard library's hash: fast, and nothing but which of two equal
  /// texts is left out depends on it.
  std::unordered_set<std::uint64_t> known_;
};

} // namespace sciexam::inline retrieval

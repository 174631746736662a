// Hits of a search -> passages to be read.
#pragma once

#include "retrieval/index/texts.hpp"
#include "retrieval/search/query.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace sciexam::inline retrieval {

/// Windows of one article that were found, joined where they overlap or follow each other.
struct FoundPassage {
  std::uint32_t passage = 0; ///< the best of its windows, by number in the index
  double score = 0;          ///< of that one
  std::string id = {};       ///< the article's; from its second window on with "#2", "#3", ...
  std::string title = {};    ///< the article's
  std::string text = {};
  std::uint64_t begin = 0; ///< byte of the article's text
};

/// Windows to be searched for a passage to be read, so that enough are left where some are joined.
inline constexpr std::size_t kWindowsPerPassage = 2;

/// Reads one list of hits from its top, so many passages at a time.
class HitReader {
public:
  /// What cannot be read is added to `damaged`, a sentence each. All must outlive this.
  HitReader(std::span<const Hit> hits, TextReader& texts, std::vector<std::string>& damaged)
      : hits_(hits), texts_(texts), damaged_(damaged) {}

  /// The next `count` passages, best first; fewer at the list's end. Only windows of these are joined with each other.
  std::vector<FoundPassage> next(std::size_t count);

private:
  std::span<const Hit> hits_; ///< those not read yet
  TextReader& texts_;
  std::vector<std::string>& damaged_;
};

/// The passages' texts, one a line, best first: a question's context.
std::string context_of(std::span<const FoundPassage> passages);

} // namespace sciexam::inline retrieval

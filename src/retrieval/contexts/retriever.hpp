// Texts -> the passages of an index that they are about.
#pragma once

#include "exam/question.hpp"
#include "retrieval/contexts/option_ranking.hpp"
#include "retrieval/contexts/question_queries.hpp"
#include "retrieval/search/fusion.hpp"
#include "retrieval/search/searcher.hpp"
#include "retrieval/text/analyser.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sciexam::inline retrieval {

struct RetrievalSettings {
  QueryForm form = QueryForm::all_options;
  Fusion fusion = Fusion::best; ///< of each_option
  std::size_t passages = 5;     ///< the best so many, after joining
  Bm25 bm25 = {};
  bool option_hits = false; ///< also look for each option, for rank_by_hits()
};

/// Windows of one article that were found, joined where they overlap or follow each other.
struct FoundPassage {
  std::uint32_t passage = 0; ///< the best of its windows, by number in the index
  double score = 0;          ///< of that one
  std::string id = {};       ///< the article's; from its second window on with "#2", "#3", ...
  std::string title = {};    ///< the article's
  std::string text = {};
  std::uint64_t begin = 0; ///< byte of the article's text
};

/// What was found for one text or question.
struct FoundPassages {
  std::vector<FoundPassage> passages = {};    ///< best first
  std::optional<OptionHits> option_hits = {}; ///< if they were asked for
  std::vector<std::string> damaged = {};      ///< passages whose texts cannot be read, a sentence each
};

class Retriever {
public:
  /// Queries are analysed as the index was: throws PackageError if this program cannot. `index` must outlive this.
  Retriever(const PassageIndex& index, const RetrievalSettings& settings);

  const PassageIndex& index() const noexcept { return index_; }
  const Searcher& searcher() const noexcept { return searcher_; }
  const RetrievalSettings& settings() const noexcept { return settings_; }
  QuestionQueries queries() const { return QuestionQueries(analyser_); }

  FoundPassages find(std::string_view text) const;
  /// [questions], on `threads` threads. `each`, if set, is called after each question, by any of them; once `stop` is
  /// true the remaining questions find nothing.
  std::vector<FoundPassages> find_all(std::span<const Question> questions, int threads,
                                      const std::function<void()>& each = nullptr,
                                      const std::function<bool()>& stop = nullptr) const;

private:
  FoundPassages find(QuestionQueries& maker, const Question& question, TextReader& texts) const;
  FoundPassages read(std::vector<Hits> lists, TextReader& texts) const;

  const PassageIndex& index_;
  RetrievalSettings settings_;
  AnalyserSettings analyser_;
  Searcher searcher_;
};

/// The passages' texts, one a line, best first: a question's context.
std::string context_of(const FoundPassages& found);

} // namespace sciexam::inline retrieval

// Texts -> the passages of an index that they are about.
#pragma once

#include "exam/question.hpp"
#include "retrieval/contexts/option_ranking.hpp"
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

/// What of a question is looked for. all_options: one query of the prompt and all options; each_option: one query of
/// the prompt and each option, and one of the prompt alone, whose hits are fused.
enum class QueryForm { prompt, all_options, each_option };

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
  std::vector<LeftOutShard> left_out = {};    ///< what the search went without
};

/// One text, such as a user's query.
Query query_of(Analyser& analyser, std::string_view text);
/// A question's queries: one, or of each_option six, the prompt's first.
std::vector<Query> queries_of(Analyser& analyser, const Question& question, QueryForm form);

class Retriever {
public:
  /// Queries are analysed as the index was: throws PackageError if this program cannot. `index` must outlive this.
  Retriever(const PassageIndex& index, const RetrievalSettings& settings);

  const PassageIndex& index() const noexcept { return index_; }
  const Searcher& searcher() const noexcept { return searcher_; }
  const RetrievalSettings& settings() const noexcept { return settings_; }
  Analyser analyser() const { return Analyser(analyser_); }

  FoundPassages find(std::string_view text) const;
  /// [questions], on `threads` threads. `each`, if set, is called after each question, by any of them; once `stop` is
  /// true the remaining questions find nothing.
  std::vector<FoundPassages> find_all(std::span<const Question> questions, int threads,
                                      const std::function<void()>& each = nullptr,
                                      const std::function<bool()>& stop = nullptr) const;

private:
  FoundPassages find(Analyser& analyser, const Question& question, TextReader& texts) const;
  FoundPassages read(std::vector<Hits> lists, TextReader& texts) const;

  const PassageIndex& index_;
  RetrievalSettings settings_;
  AnalyserSettings analyser_;
  Searcher searcher_;
};

/// The passages' texts, one a line, best first: a question's context.
std::string context_of(const FoundPassages& found);

} // namespace sciexam::inline retrieval

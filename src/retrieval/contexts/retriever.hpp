// Texts -> the passages of an index that they are about.
#pragma once

#include "exam/question.hpp"
#include "retrieval/contexts/found_passage.hpp"
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

/// Of a context: more than any sequence holds.
inline constexpr std::size_t kMostPassages = 1000;

struct RetrievalSettings {
  QueryForm form = QueryForm::all_options;
  Fusion fusion = Fusion::best; ///< of each_option
  std::size_t passages = 5;     ///< of a context: the best so many, after joining
  std::size_t contexts = 1;     ///< of a question, up to kMostContexts
  Bm25 bm25 = {};
  bool option_hits = false; ///< also look for each option, for rank_by_hits()
};

/// What was found for one text or question.
struct FoundPassages {
  std::vector<FoundPassage> passages = {}; ///< best first: the first context
  /// [RetrievalSettings::contexts - 1], those of the further contexts; one may be empty, where the index has no more.
  std::vector<std::vector<FoundPassage>> further = {};
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

  /// The first context alone.
  FoundPassages find(std::string_view text) const;
  /// Calls take(number of the question, what it finds) for all questions on `threads` threads, by any of them, until
  /// `stop` is true. Of each as many contexts as the settings ask for. The first is made of the best passages for
  /// RetrievalSettings::form; the second of those for the other way to ask, each_option (for each_option: all_options);
  /// all others of the following ranks of that form of these two that is one query: with five passages, the third has
  /// ranks 6 to 10, the fourth 11 to 15. None depends on how many there are.
  void find_each(std::span<const Question> questions, int threads,
                 const std::function<void(std::size_t, FoundPassages)>& take,
                 const std::function<bool()>& stop = nullptr) const;
  /// [questions]. `each`, if set, is called after each question, by any thread; once `stop` is true the remaining
  /// questions find nothing.
  std::vector<FoundPassages> find_all(std::span<const Question> questions, int threads,
                                      const std::function<void()>& each = nullptr,
                                      const std::function<bool()>& stop = nullptr) const;

private:
  FoundPassages find(QuestionQueries& maker, const Question& question, TextReader& texts) const;
  std::size_t windows_of_context() const noexcept;
  Hits one_list(std::span<Hits> lists) const;
  void read_contexts(std::span<Hits> first, std::span<Hits> second, TextReader& texts, FoundPassages& found) const;

  const PassageIndex& index_;
  RetrievalSettings settings_;
  AnalyserSettings analyser_;
  Searcher searcher_;
};

} // namespace sciexam::inline retrieval

#include "retrieval/contexts/retriever.hpp"

#include "support/errors.hpp"
#include "support/machine/threads.hpp"

#include <algorithm>
#include <atomic>
#include <memory>
#include <utility>

namespace sciexam::inline retrieval {
namespace {

/// Searched for, so that enough are left where some are joined.
constexpr std::size_t kWindowsPerPassage = 2;
/// Windows that are so close have only white space between them.
constexpr std::uint64_t kJoinedGap = 2;

AnalyserSettings analyser_of(const PassageIndex& index) {
  try {
    return Analyser::from_record(JsonDocument(index.manifest().analyser.dump(), index.path()).root()).settings();
  } catch (const InputError&) {
    throw PackageError(index.path(),
                       "was built with the analyser " + index.manifest().analyser.dump() + "; this program has " +
                           Analyser({}, 1).record().dump(),
                       "Build the index again with this program, or use the version that built it");
  }
}

/// A stretch of an article, of one window or several.
struct Stretch {
  std::uint64_t article, begin, end;
  FoundPassage found;
};

/// The article's id, and which of its windows this is.
std::string name_of(const PassageText& window) {
  return window.window == 0 ? window.id : window.id + "#" + std::to_string(window.window + 1);
}

/// Joins the window to a stretch that it overlaps or touches. Windows come best first: the stretch keeps its rank.
bool join(std::vector<Stretch>& stretches, const PassageText& window) {
  const std::uint64_t end = window.begin + window.text.size();
  for (Stretch& stretch : stretches)
    if (stretch.article == window.article && window.begin <= stretch.end + kJoinedGap &&
        stretch.begin <= end + kJoinedGap) {
      stretch.begin = std::min(stretch.begin, window.begin);
      stretch.end = std::max(stretch.end, end);
      return true;
    }
  return false;
}

} // namespace

Retriever::Retriever(const PassageIndex& index, const RetrievalSettings& settings)
    : index_(index), settings_(settings), analyser_(analyser_of(index)), searcher_(index, settings.bm25) {}

FoundPassages Retriever::find(std::string_view text) const {
  TextReader texts(index_.texts());
  const Query query = queries().of_text(text);
  return read(searcher_.search(std::span(&query, 1), kWindowsPerPassage * settings_.passages).hits, texts);
}

/// All queries of the question are searched together: they share most of their terms.
FoundPassages Retriever::find(QuestionQueries& maker, const Question& question, TextReader& texts) const {
  std::vector<Query> queries = maker.of_question(question, settings_.form);
  const std::size_t context_queries = queries.size();
  if (settings_.option_hits)
    for (Query& query : maker.of_options(question))
      queries.push_back(std::move(query));
  SearchResult result = searcher_.search(queries, kWindowsPerPassage * settings_.passages);
  std::optional<OptionHits> option_hits;
  if (settings_.option_hits) {
    option_hits.emplace();
    for (std::size_t i = 0; i < kOptions; ++i)
      if (const Hits& hits = result.hits[result.hits.size() - kOptions + i]; !hits.empty())
        (*option_hits)[i] = hits.front().score;
  }
  result.hits.resize(context_queries);
  FoundPassages found = read(std::move(result.hits), texts);
  found.option_hits = option_hits;
  return found;
}

/// The texts of the best windows of all lists.
FoundPassages Retriever::read(std::vector<Hits> lists, TextReader& texts) const {
  const Hits hits = lists.size() == 1 ? std::move(lists.front())
                                      : fuse(lists, settings_.fusion, kWindowsPerPassage * settings_.passages);
  FoundPassages found;
  std::vector<Stretch> stretches;
  for (const Hit& hit : hits) {
    if (stretches.size() == settings_.passages)
      break;
    try {
      PassageText window = texts.passage(hit.passage);
      if (!join(stretches, window))
        stretches.push_back(
            {window.article,
             window.begin,
             window.begin + window.text.size(),
             {hit.passage, hit.score, name_of(window), std::move(window.title), std::move(window.text), window.begin}});
    } catch (const PackageError& error) {
      found.damaged.emplace_back(error.what());
    }
  }
  for (Stretch& stretch : stretches) {
    const std::uint64_t bytes = stretch.end - stretch.begin;
    if (bytes != stretch.found.text.size())
      stretch.found.text = texts.article_text(stretch.article, stretch.begin, bytes);
    stretch.found.begin = stretch.begin;
    found.passages.push_back(std::move(stretch.found));
  }
  return found;
}

std::vector<FoundPassages> Retriever::find_all(std::span<const Question> questions, int threads,
                                               const std::function<void()>& each,
                                               const std::function<bool()>& stop) const {
  std::vector<FoundPassages> found(questions.size());
  std::atomic<std::size_t> next = 0;
  const auto work = [&](std::size_t) {
    QuestionQueries maker = queries();
    TextReader texts(index_.texts());
    for (std::size_t i = next++; i < questions.size(); i = next++) {
      if (stop && stop())
        return;
      found[i] = find(maker, questions[i], texts);
      if (each)
        each();
    }
  };
  parallel_for(static_cast<std::size_t>(std::max(1, threads)), threads, work);
  return found;
}

std::string context_of(const FoundPassages& found) {
  std::string context;
  for (const FoundPassage& passage : found.passages)
    context += (context.empty() ? "" : "\n") + passage.text;
  return context;
}

} // namespace sciexam::inline retrieval

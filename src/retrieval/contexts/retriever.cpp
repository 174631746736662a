#include "retrieval/contexts/retriever.hpp"

#include "support/errors.hpp"
#include "support/machine/threads.hpp"

#include <algorithm>
#include <atomic>
#include <iterator>
#include <memory>
#include <utility>

namespace sciexam::inline retrieval {
namespace {

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

/// What else of a question is looked for, where it is to have several contexts. One of the two forms has one query,
/// whose list goes on as deep as it is read.
QueryForm second_form(QueryForm first) {
  return first == QueryForm::each_option ? QueryForm::all_options : QueryForm::each_option;
}

OptionHits best_scores(std::span<const Hits> lists) {
  OptionHits scores{};
  for (std::size_t i = 0; i < scores.size(); ++i)
    if (!lists[i].empty())
      scores[i] = lists[i].front().score;
  return scores;
}

} // namespace

Retriever::Retriever(const PassageIndex& index, const RetrievalSettings& settings)
    : index_(index), settings_(settings), analyser_(analyser_of(index)), searcher_(index, settings.bm25) {}

FoundPassages Retriever::find(std::string_view text) const {
  TextReader texts(index_.texts());
  const Query query = queries().of_text(text);
  FoundPassages found;
  const Hits hits = searcher_.search(std::span(&query, 1), kWindowsPerPassage * settings_.passages).hits.front();
  found.passages = HitReader(hits, texts, found.damaged).next(settings_.passages);
  return found;
}

/// All queries of the question are searched together: they share most of their terms.
FoundPassages Retriever::find(QuestionQueries& maker, const Question& question, TextReader& texts) const {
  std::vector<Query> queries = maker.of_question(question, settings_.form);
  const auto append = [&](std::vector<Query> more) {
    queries.insert(queries.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
  };
  const std::size_t of_first = queries.size();
  if (settings_.contexts > 1)
    append(maker.of_question(question, second_form(settings_.form)));
  const std::size_t of_second = queries.size() - of_first;
  if (settings_.option_hits)
    append(maker.of_options(question));
  const std::size_t deepest = std::max<std::size_t>(settings_.contexts, 2) - 1; // contexts of one list
  SearchResult result = searcher_.search(queries, deepest * windows_of_context());
  const std::span<Hits> lists(result.hits);
  FoundPassages found;
  read_contexts(lists.first(of_first), lists.subspan(of_first, of_second), texts, found);
  if (settings_.option_hits)
    found.option_hits = best_scores(lists.last(kOptions));
  return found;
}

std::size_t Retriever::windows_of_context() const noexcept {
  return kWindowsPerPassage * settings_.passages;
}

/// One query's list as it is, several fused as deep as a context needs: how deep they are could change their order.
Hits Retriever::one_list(std::span<Hits> lists) const {
  if (lists.size() == 1)
    return std::move(lists.front());
  for (Hits& hits : lists)
    hits.resize(std::min(hits.size(), windows_of_context()));
  return fuse(lists, settings_.fusion, windows_of_context());
}

void Retriever::read_contexts(std::span<Hits> first, std::span<Hits> second, TextReader& texts,
                              FoundPassages& found) const {
  const Hits first_hits = one_list(first), second_hits = one_list(second);
  HitReader first_reader(first_hits, texts, found.damaged), second_reader(second_hits, texts, found.damaged);
  found.passages = first_reader.next(settings_.passages);
  for (std::size_t context = 1; context < settings_.contexts; ++context) {
    const bool of_second = context == 1 || settings_.form == QueryForm::each_option;
    found.further.push_back((of_second ? second_reader : first_reader).next(settings_.passages));
  }
}

void Retriever::find_each(std::span<const Question> questions, int threads,
                          const std::function<void(std::size_t, FoundPassages)>& take,
                          const std::function<bool()>& stop) const {
  std::atomic<std::size_t> next = 0;
  const auto work = [&](std::size_t) {
    QuestionQueries maker = queries();
    TextReader texts(index_.texts());
    for (std::size_t i = next++; i < questions.size(); i = next++) {
      if (stop && stop())
        return;
      take(i, find(maker, questions[i], texts));
    }
  };
  parallel_for(static_cast<std::size_t>(std::max(1, threads)), threads, work);
}

std::vector<FoundPassages> Retriever::find_all(std::span<const Question> questions, int threads,
                                               const std::function<void()>& each,
                                               const std::function<bool()>& stop) const {
  std::vector<FoundPassages> found(questions.size());
  const auto take = [&](std::size_t question, FoundPassages passages) {
    found[question] = std::move(passages);
    if (each)
      each();
  };
  find_each(questions, threads, take, stop);
  return found;
}

} // namespace sciexam::inline retrieval

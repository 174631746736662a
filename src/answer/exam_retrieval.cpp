#include "answer/exam_retrieval.hpp"

#include "answer/locate.hpp"
#include "exam/contexts.hpp"
#include "retrieval/contexts/question_contexts.hpp"
#include "support/errors.hpp"
#include "support/machine/detachable_work.hpp"
#include "support/machine/interrupt.hpp"
#include "support/messages/progress.hpp"
#include "support/text/counted.hpp"

#include <chrono>
#include <mutex>
#include <set>
#include <utility>

namespace sciexam::inline answer {
namespace {

/// An index that is being opened.
struct Opening {
  PackageFiles files;
  RetrievalSettings settings;
  std::shared_ptr<const PassageIndex> index;

  void open() {
    index = std::make_shared<PassageIndex>(files, nullptr);
    Retriever(*index, settings); // checks the analyser
  }
};

/// A search for all questions: all that its threads use, which may go on when nobody waits for them any more.
class Search {
public:
  Search(std::shared_ptr<const PassageIndex> index, const RetrievalSettings& settings,
         std::span<const Question> questions)
      : index_(std::move(index)), retriever_(*index_, settings), questions_(questions.begin(), questions.end()),
        found_(questions.size()) {
    progress_.emplace("searching", questions.size(), "questions");
  }

  void run(int threads) {
    const auto take = [this](std::size_t question, FoundPassages found) {
      const std::lock_guard lock(mutex_);
      if (!progress_)
        return;
      found_[question] = std::move(found);
      progress_->advance(1);
    };
    retriever_.find_each(questions_, threads, take, [this] { return has_ended(); });
  }

  /// Takes what was found so far; nothing is added to it, nor shown, from now on.
  std::vector<FoundPassages> end() {
    const std::lock_guard lock(mutex_);
    progress_->finish();
    progress_.reset();
    return std::move(found_);
  }

private:
  bool has_ended() {
    const std::lock_guard lock(mutex_);
    return !progress_;
  }

  std::shared_ptr<const PassageIndex> index_;
  Retriever retriever_;
  std::vector<Question> questions_;
  std::mutex mutex_; // guards what follows
  std::vector<FoundPassages> found_;
  std::optional<Progress> progress_; // nothing once it has ended
};

} // namespace

ExamRetrieval::ExamRetrieval(const std::string& index, const RetrievalSettings& settings, double patience)
    : settings_(settings) {
  const auto found = std::make_shared<std::optional<Located>>();
  const auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>(patience);
  const bool finished = finish_or_leave([found, index] { *found = find_index(index); },
                                        [end] { return interrupted() || std::chrono::steady_clock::now() >= end; });
  if (!finished)
    problems_.emplace_back("no passage index is used: looking for one took too long");
  else if (const std::optional<Located>& place = *found) {
    files_ = PackageFiles::in_folder(place->path);
    place_ = place->path.string() + " (" + place->reason + ")";
  }
}

std::string ExamRetrieval::open(const std::function<bool()>& give_up) {
  if (!files_)
    return "none found";
  const auto opening = std::make_shared<Opening>(Opening{*files_, settings_, nullptr});
  try {
    if (!finish_or_leave([opening] { opening->open(); }, give_up)) {
      problems_.emplace_back("the passage index is not used: reading it took too long");
      return place_ + ", which was not read in time";
    }
  } catch (const PackageError& error) {
    problems_.push_back("the passage index is not used: " + std::string(error.what()));
    return place_ + ", which cannot be used";
  }
  index_ = opening->index;
  const IndexManifest& manifest = index_->manifest();
  return counted(manifest.counts.passages, "passage") + " of " + counted(manifest.counts.articles, "article") +
         (manifest.title.empty() ? "" : ", " + manifest.title) + ", in " + place_;
}

void ExamRetrieval::search(std::span<const Question> questions, std::size_t contexts, int threads,
                           const std::function<bool()>& stop) {
  settings_.option_hits = true;
  settings_.contexts = contexts;
  const auto search = std::make_shared<Search>(index_, settings_, questions);
  try {
    finish_or_leave([search, threads] { search->run(threads); }, stop);
  } catch (const PackageError& error) { // the dictionary: everything that was found may be wrong
    problems_.push_back("the passage index is not used: " + std::string(error.what()));
    index_.reset();
    found_.clear();
    return;
  }
  found_ = search->end();
  std::size_t missing = 0;
  for (std::size_t q = 0; q < questions.size(); ++q) {
    const std::optional<OptionHits>& hits = found_[q].option_hits;
    rankings_.push_back(hits ? rank_by_hits(questions[q], *hits) : rank_by_length(questions[q]));
    probabilities_.push_back(hits ? std::optional(hit_probabilities(questions[q], *hits)) : std::nullopt);
    missing += hits ? 0 : 1;
  }
  if (missing > 0)
    problems_.push_back("there was no time to search passages for " + counted(missing, "question"));
}

std::size_t ExamRetrieval::add_contexts(std::vector<Question>& questions, std::size_t contexts) const {
  std::size_t added = 0;
  for (std::size_t q = 0; q < found_.size(); ++q) {
    const std::size_t own = contexts_of(questions[q]).size();
    set_contexts(questions[q], question_contexts(questions[q], found_[q], std::max(own, contexts)));
    added += contexts_of(questions[q]).size() > own ? 1 : 0;
  }
  return added;
}

std::vector<std::string> ExamRetrieval::degradations() const {
  std::vector<std::string> all = problems_;
  if (index_)
    for (const LeftOutShard& shard : index_->left_out())
      all.push_back(sentence_on(shard));
  std::set<std::string> damaged;
  for (const FoundPassages& found : found_)
    damaged.insert(found.damaged.begin(), found.damaged.end());
  all.insert(all.end(), damaged.begin(), damaged.end());
  return all;
}

} // namespace sciexam::inline answer

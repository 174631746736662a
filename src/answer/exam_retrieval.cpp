#include "answer/exam_retrieval.hpp"

#include "answer/locate.hpp"
#include "support/errors.hpp"
#include "support/messages/progress.hpp"
#include "support/text/counted.hpp"

#include <algorithm>
#include <set>

namespace sciexam::inline answer {

ExamRetrieval::ExamRetrieval(const std::string& index, const RetrievalSettings& settings) : settings_(settings) {
  if (const std::optional<Located> found = find_index(index)) {
    files_ = PackageFiles::in_folder(found->path);
    place_ = found->path.string() + " (" + found->reason + ")";
  }
}

std::string ExamRetrieval::open() {
  if (!files_)
    return "none found";
  try {
    index_ = std::make_unique<PassageIndex>(*files_, nullptr);
    Retriever(*index_, settings_); // checks the analyser
  } catch (const PackageError& error) {
    index_.reset();
    problems_.push_back("the passage index is not used: " + std::string(error.what()));
    return place_ + ", which cannot be used";
  }
  const IndexManifest& manifest = index_->manifest();
  return counted(manifest.counts.passages, "passage") + " of " + counted(manifest.counts.articles, "article") +
         (manifest.title.empty() ? "" : ", " + manifest.title) + ", in " + place_;
}

void ExamRetrieval::search(std::span<const Question> questions, int threads, const std::function<bool()>& stop) {
  settings_.option_hits = true;
  const Retriever retriever(*index_, settings_);
  Progress progress("searching", questions.size(), "questions");
  try {
    found_ = retriever.find_all(
        questions, threads, [&] { progress.advance(1); }, stop);
  } catch (const PackageError& error) { // the dictionary: everything that was found may be wrong
    problems_.push_back("the passage index is not used: " + std::string(error.what()));
    index_.reset();
    found_.clear();
    return;
  }
  progress.finish();
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

std::size_t ExamRetrieval::add_contexts(std::vector<Question>& questions) const {
  std::size_t added = 0;
  for (std::size_t q = 0; q < found_.size(); ++q)
    if (questions[q].context.empty() && !found_[q].passages.empty()) {
      questions[q].context = context_of(found_[q].passages);
      ++added;
    }
  return added;
}

std::vector<std::string> ExamRetrieval::degradations() const {
  std::vector<std::string> all = problems_;
  if (index_)
    for (const LeftOutShard& shard : index_->left_out())
      all.push_back("the index answers without " + counted(shard.passages, "passage") + ": " + shard.reason);
  std::set<std::string> damaged;
  for (const FoundPassages& found : found_)
    damaged.insert(found.damaged.begin(), found.damaged.end());
  all.insert(all.end(), damaged.begin(), damaged.end());
  return all;
}

} // namespace sciexam::inline answer

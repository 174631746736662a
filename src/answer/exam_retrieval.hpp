// What an index adds to a run: contexts for the questions, and a better first submission.
#pragma once

#include "exam/question.hpp"
#include "exam/ranking.hpp"
#include "inference/logits.hpp"
#include "package/package_files.hpp"
#include "retrieval/contexts/retriever.hpp"

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace sciexam::inline answer {

/// The part of the time left that searching may take: a question without context is still answered.
inline constexpr double kRetrievalShare = 0.25;

/// How long an index is looked for, at most.
inline constexpr double kMostLookingSeconds = 60;

class ExamRetrieval {
public:
  /// Finds the index; nothing is opened. Throws UsageError if the named folder has none. After `patience` seconds none
  /// is found: a mount may have stalled.
  ExamRetrieval(const std::string& index, const RetrievalSettings& settings, double patience = kMostLookingSeconds);
  /// An index that is at hand, such as the demo's; `place` says where, in messages.
  ExamRetrieval(PackageFiles index, std::string place, const RetrievalSettings& settings)
      : files_(std::move(index)), place_(std::move(place)), settings_(settings) {}

  /// False: there is no index, and nothing to do.
  bool found_index() const noexcept { return files_.has_value(); }
  /// The index, for the run's first lines. Opens it; one that cannot be used is among degradations(), and so is one
  /// that is not open when `give_up` says so.
  std::string open(const std::function<bool()>& give_up = nullptr);
  bool usable() const noexcept { return index_ != nullptr; }

  /// Searches for all questions, `contexts` for each, on `threads` threads, with progress, until `stop` says so, at
  /// once: threads that are in a read that has stalled are left behind, and end with the process.
  void search(std::span<const Question> questions, std::size_t contexts, int threads,
              const std::function<bool()>& stop);
  /// [questions]: nothing was found for those that were not reached.
  const std::vector<FoundPassages>& found() const noexcept { return found_; }
  /// [questions], from what their options find; by their lengths where they were not reached. Empty if there was no
  /// search.
  const std::vector<Ranking>& rankings() const noexcept { return rankings_; }
  /// [questions], as rankings(); nothing for questions that were not reached.
  const std::vector<std::optional<OptionScores>>& probabilities() const noexcept { return probabilities_; }
  /// Gives questions what was found where they have no context of their own, up to `contexts` each. Returns how many
  /// questions have got at least one.
  std::size_t add_contexts(std::vector<Question>& questions, std::size_t contexts) const;

  /// What fell short, one sentence each.
  std::vector<std::string> degradations() const;

private:
  std::optional<PackageFiles> files_; // nothing: there is no index
  std::string place_;
  RetrievalSettings settings_;
  std::shared_ptr<const PassageIndex> index_; // shared with threads that may outlive this
  std::vector<FoundPassages> found_;
  std::vector<Ranking> rankings_;
  std::vector<std::optional<OptionScores>> probabilities_;
  std::vector<std::string> problems_;
};

} // namespace sciexam::inline answer

// Which of its contexts a question is trained with: another one each epoch.
#pragma once

#include "train/inputs/training_set.hpp"
#include "train/manifest/settings.hpp"

#include <cstddef>
#include <cstdint>

namespace sciexam::inline train {

/// The inputs of a run's epochs. Which context an epoch draws is a function of the seed, the epoch, the question's row
/// and how many contexts it has, alone: not of the order of the questions, of which others there are, of threads, or of
/// where a run was resumed. In so many epochs as a question has contexts, it is trained with each of them once, in an
/// order that is drawn anew.
class ContextDraw {
public:
  /// Of each question the first TrainingSettings::contexts_per_question contexts, as far as it has them. Both outlive
  /// this.
  ContextDraw(const TrainingSet& set, const TrainingSettings& settings) : set_(set), settings_(settings) {}

  /// Contexts that are drawn from; at least 1, which may be an empty one.
  std::size_t contexts(std::size_t question) const;
  /// The number of the context, from 0.
  std::size_t context(std::size_t question, std::int64_t epoch) const;
  const EncodedQuestion& encoded(std::size_t question, std::int64_t epoch) const;
  /// What the teacher says of it; null: there is no teacher.
  const OptionLogits* teacher(std::size_t question, std::int64_t epoch) const;
  /// Of the five sequences together.
  std::int64_t tokens(std::size_t question, std::int64_t epoch) const;

private:
  const TrainingSet& set_;
  const TrainingSettings& settings_;
};

} // namespace sciexam::inline train

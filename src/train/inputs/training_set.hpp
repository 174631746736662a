// The questions that a run trains on or is validated with, as token ids.
#pragma once

#include "exam/question.hpp"
#include "inference/batches.hpp"
#include "inference/logits.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace sciexam::inline train {

/// Questions, with answers where they have no teacher; element i of every list belongs to question i.
struct TrainingSet {
  std::vector<Question> questions;
  std::vector<std::string> places;      ///< "FILE, row N", for messages
  std::vector<EncodedQuestion> encoded; ///< with their first context
  std::vector<std::int64_t> lengths;    ///< tokens of the five sequences together
  /// With their further contexts, best first (context_draw.hpp). Empty: no question has any.
  std::vector<std::vector<EncodedQuestion>> further = {};
  /// What a teacher says of each question with each of its contexts, the first first. Empty: there is no teacher.
  std::vector<std::vector<OptionLogits>> teacher = {};

  std::size_t size() const noexcept { return questions.size(); }
  bool empty() const noexcept { return questions.empty(); }
  /// Appends one question of another set.
  void add(const TrainingSet& other, std::size_t index);
  /// The questions at these indices, in this order.
  TrainingSet subset(std::span<const std::size_t> indices) const;
  std::int64_t total_tokens() const;
};

} // namespace sciexam::inline train

// The answers of several models, what a passage index says beside them, and the rankings that follow.
#pragma once

#include "ensemble/combine.hpp"
#include "exam/question.hpp"

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sciexam::inline ensemble {

/// One model's answers.
struct ModelAnswers {
  std::string name;
  double weight = 1;
  PartialAnswers logits; ///< in question order; empty where there was no time
};

/// A passage index among the models in tables.
inline constexpr std::string_view kIndexMember = "passage index";

/// How a question's answers become one: the models among themselves, then the passage index with them.
struct Combination {
  // Without an index a way to combine says it all.
  Combination(Combine models) : combine(models) {} // NOLINT(google-explicit-constructor)

  Combine combine;
  /// The weight of the index's probabilities, 0 to 1; the models' have the rest.
  double retrieval_weight = 0;
  /// [questions], nothing where the index was not searched; or empty.
  std::span<const std::optional<OptionScores>> retrieval = {};

  /// What the index says about the question, if that counts.
  std::optional<OptionScores> index_probabilities(std::size_t question) const;
};

/// "mean-softmax", "mean-softmax and the passage index with weight 0.25".
std::string describe(const Combination& combination);

/// The probabilities of a question's options, summing to 1: the models' combined scores, scaled (for mean-logits their
/// softmax), and the index's by their weight. Nothing where no model answered. `text`: the question, whose options
/// without text get no votes.
std::optional<OptionScores> ensemble_probabilities(std::span<const ModelAnswers> models, std::size_t question,
                                                   const Combination& combination, const Question& text = {});

/// Rankings of all questions, from at least one model's answers; where no model answered, those of `unanswered`, or by
/// the options' lengths if that is empty. Options without text come last, whatever the models say.
std::vector<Ranking> combine_answers(std::span<const ModelAnswers> models, std::span<const Question> questions,
                                     const Combination& combination, std::span<const Ranking> unanswered = {});

/// The logits that models gave for one question, and those models' weights.
struct QuestionAnswers {
  std::vector<OptionLogits> logits;
  std::vector<double> weights;
};
QuestionAnswers answers_of(std::span<const ModelAnswers> models, std::size_t question);

} // namespace sciexam::inline ensemble

// The answers of several models, and the rankings that follow from them.
#pragma once

#include "ensemble/combine.hpp"
#include "exam/question.hpp"

#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace sciexam::inline ensemble {

/// One model's answers.
struct ModelAnswers {
  std::string name;
  double weight = 1;
  PartialAnswers logits; ///< in question order; empty where there was no time
};

/// Rankings of all questions, from at least one model's answers; where no model answered, those of `unanswered`, or by
/// the options' lengths if that is empty. Options without text come last, whatever the models say.
std::vector<Ranking> combine_answers(std::span<const ModelAnswers> models, std::span<const Question> questions,
                                     Combine combine, std::span<const Ranking> unanswered = {});

/// The logits that models gave for one question, and those models' weights.
struct QuestionAnswers {
  std::vector<OptionLogits> logits;
  std::vector<double> weights;
};
QuestionAnswers answers_of(std::span<const ModelAnswers> models, std::size_t question);

} // namespace sciexam::inline ensemble

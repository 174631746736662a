// How well rankings answer an exam: the competition's metric, and accuracy.
#pragma once

#include "exam/question.hpp"
#include "exam/ranking.hpp"

#include <span>

namespace sciexam::inline exam {

/// Average precision at 3 of one question with one right answer: 1, 1/2 or 1/3 if
/// that is the first, second or third guess, else 0.
double average_precision_at_3(const Ranking& ranking, int answer);

/// The mean of average_precision_at_3 over the questions with an answer
/// (the competition's MAP@3); `rankings[i]` is for `questions[i]`. Throws
/// InternalError if their numbers differ or no question has an answer.
double map_at_3(std::span<const Ranking> rankings, std::span<const Question> questions);

/// The fraction of the questions with an answer whose first guess is right. Throws like map_at_3.
double accuracy(std::span<const Ranking> rankings, std::span<const Question> questions);

} // namespace sciexam::inline exam

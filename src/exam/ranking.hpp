// A question's options in the order in which they are guessed.
#pragma once

#include "exam/question.hpp"

#include <array>
#include <cstdint>
#include <span>

namespace sciexam::inline exam {

/// The indices 0 to 4 of a question's options, best first.
using Ranking = std::array<std::uint8_t, kOptions>;

/// The highest score first; equal scores by the option's letter. Throws
/// InternalError if a score is NaN, which has no order.
Ranking rank_by_scores(std::span<const double, kOptions> scores);

/// `ranking` with the question's options that have no text (has_text) after all others; both keep their order. Every
/// ranking of a question that becomes guesses goes through this: a guess must not be spent on an empty option, which
/// question sets with four options have.
Ranking with_empty_options_last(const Ranking& ranking, const Question& question);

/// The mean number of characters (code points) of a question's options.
double mean_option_length(const Question& question);

/// The longest option first, in characters (code points); equal lengths by the option's letter, options without text
/// last. The answer where no model could give one: on the competition's 200 labelled questions its MAP@3 is 0.5825,
/// that of chance 0.3667.
Ranking rank_by_length(const Question& question);

} // namespace sciexam::inline exam

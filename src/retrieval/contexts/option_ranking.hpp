// An answer without any model: the option whose words and the prompt's stand together in one passage.
#pragma once

#include "exam/question.hpp"
#include "exam/ranking.hpp"

#include <array>

namespace sciexam::inline retrieval {

/// Of each option: the best passage's score for a query of the prompt and that option; 0 if nothing was found.
using OptionHits = std::array<double, kOptions>;

/// What a character of an option is worth in BM25 score: writers of exams make the right option longer. MAP@3 on the
/// competition's 200 training questions, with an index of their contexts among 11,000 other passages: 0.660 at 0, 0.684
/// at 0.02, 0.678 at 0.1, 0.690 at 0.2, 0.693 at 0.3; with the other passages alone, which have nothing about them:
/// 0.498, 0.534, 0.562, 0.577 up to 0.2. By length alone 0.5825.
inline constexpr double kScorePerCharacter = 0.2;

/// Each option's hit and length as one score.
OptionHits hit_scores(const Question& question, const OptionHits& hits);

/// The option with the highest score first; options without text last.
Ranking rank_by_hits(const Question& question, const OptionHits& hits);

/// The scores as probabilities, to stand beside a model's: softmax of their distances from their mean in standard
/// deviations, as BM25's scores grow with a question's length.
std::array<double, kOptions> hit_probabilities(const Question& question, const OptionHits& hits);

} // namespace sciexam::inline retrieval

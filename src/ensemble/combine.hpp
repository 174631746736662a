// From the logits of several models to one ranking.
#pragma once

#include "exam/question.hpp"
#include "inference/logits.hpp"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sciexam::inline ensemble {

/// How the ensemble decides. p = softmax of one model's logits.
enum class Combine {
  mean_logits,   ///< mean over models of the logits
  mean_softmax,  ///< mean of p
  mean_plus_max, ///< mean of p plus maximum of p
  weighted,      ///< mean of p, weighted by each model's weight
  vote,          ///< 3, 2 and 1 points for each model's first three options
};

/// Every way to combine, the default first.
std::vector<Combine> all_combines();
/// "mean-logits", "mean-softmax", ...: as --combine takes them.
std::string_view name_of(Combine combine);
/// Throws UsageError that lists the names.
Combine parse_combine(std::string_view name);

/// The ensemble's scores for one question; `models` are its models' logits, `weights` (as many)
/// count for Combine::weighted only. For Combine::vote a fraction below one point breaks ties, so that
/// options with equal points rank in the order in which they first received a vote: models in order, then
/// each one's ranks; no vote goes to an option of `question` without text while there are others.
OptionScores combine_scores(Combine combine, std::span<const OptionLogits> models, std::span<const double> weights,
                            const Question& question = {});

/// One model's answers with a question's different contexts as one: logits whose softmax are the combined
/// probabilities. `combine`: not weighted, for contexts have no weights. A single answer stays as it is.
OptionLogits combine_contexts(Combine combine, std::span<const OptionLogits> answers, const Question& question = {});

/// combine_scores, then descending; equal scores by option letter.
Ranking combine_ranking(Combine combine, std::span<const OptionLogits> models, std::span<const double> weights,
                        const Question& question = {});

} // namespace sciexam::inline ensemble

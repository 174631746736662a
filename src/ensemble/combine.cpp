#include "ensemble/combine.hpp"

#include "support/errors.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace sciexam::inline ensemble {
namespace {

constexpr std::pair<Combine, std::string_view> kNames[] = {
    {Combine::mean_softmax, "mean-softmax"},
    {Combine::mean_logits, "mean-logits"},
    {Combine::mean_plus_max, "mean-plus-max"},
    {Combine::weighted, "weighted"},
    {Combine::vote, "vote"},
};

/// Of an option, in a softmax of logits that are far apart, or without a vote; its logarithm is finite.
constexpr double kLeastScore = 1e-9;

OptionScores to_double(const OptionLogits& logits) {
  OptionScores scores{};
  std::copy(logits.begin(), logits.end(), scores.begin());
  return scores;
}

OptionScores votes(std::span<const OptionLogits> models, const Question& question) {
  OptionScores scores{};
  double earlier = 0.5; // halves with every first vote: less than a point, and never equal
  for (const OptionLogits& logits : models) {
    const Ranking ranking = with_empty_options_last(rank_by_scores(to_double(logits)), question);
    for (int rank = 0; rank < 3; ++rank) {
      double& score = scores[ranking[static_cast<std::size_t>(rank)]];
      if (score == 0)
        score += std::exchange(earlier, earlier / 2);
      score += 3 - rank;
    }
  }
  return scores;
}

} // namespace

std::vector<Combine> all_combines() {
  std::vector<Combine> all;
  for (const auto& named : kNames)
    all.push_back(named.first);
  return all;
}

std::string_view name_of(Combine combine) {
  for (const auto& [value, name] : kNames)
    if (value == combine)
      return name;
  throw InternalError("a way to combine without a name");
}

Combine parse_combine(std::string_view name) {
  std::string known;
  for (const auto& [value, text] : kNames) {
    if (text == name)
      return value;
    known += (known.empty() ? "" : ", ") + std::string(text);
  }
  throw UsageError("--combine " + std::string(name) + " is unknown. Give one of " + known);
}

OptionScores combine_scores(Combine combine, std::span<const OptionLogits> models, std::span<const double> weights,
                            const Question& question) {
  if (combine == Combine::vote)
    return votes(models, question);
  OptionScores sum{}, most{};
  double total = 0;
  for (std::size_t m = 0; m < models.size(); ++m) {
    const OptionScores scores = combine == Combine::mean_logits ? to_double(models[m]) : softmax(models[m]);
    const double weight = combine == Combine::weighted ? weights[m] : 1.0;
    total += weight;
    for (std::size_t i = 0; i < sum.size(); ++i) {
      sum[i] += weight * scores[i];
      most[i] = std::max(most[i], scores[i]);
    }
  }
  for (std::size_t i = 0; i < sum.size(); ++i)
    sum[i] = sum[i] / total + (combine == Combine::mean_plus_max ? most[i] : 0.0);
  return sum;
}

OptionLogits combine_contexts(Combine combine, std::span<const OptionLogits> answers, const Question& question) {
  if (answers.size() == 1)
    return answers.front();
  const OptionScores scores = combine_scores(combine, answers, {}, question);
  OptionLogits logits{};
  std::transform(scores.begin(), scores.end(), logits.begin(), [&](double score) {
    return static_cast<float>(combine == Combine::mean_logits ? score : std::log(std::max(score, kLeastScore)));
  });
  return logits;
}

Ranking combine_ranking(Combine combine, std::span<const OptionLogits> models, std::span<const double> weights,
                        const Question& question) {
  return rank_by_scores(combine_scores(combine, models, weights, question));
}

} // namespace sciexam::inline ensemble

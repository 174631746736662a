#include "ensemble/plan.hpp"
#include "inference/speed.hpp"
#include "inference/token_batches.hpp"
#include "support/random.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include <catch2/catch_test_macros.hpp>

using namespace sciexam;

namespace {

struct QuestionToPlan {
  std::int64_t tokens = 0;
  double loss = 0;
};

struct Limits {
  double seconds, tokens_per_second, load_seconds;
  bool first_is_loaded;
};

/// Passes of different models that read the same.
EnsemblePlan plan_models(std::span<const QuestionToPlan> questions, std::size_t answered, std::size_t models,
                         const Limits& limits) {
  std::vector<double> losses;
  PlannedPass pass;
  for (const QuestionToPlan& question : questions) {
    losses.push_back(question.loss);
    pass.tokens.push_back(question.tokens);
  }
  std::vector<PlannedPass> passes(models, pass);
  passes.front().needs_load = !limits.first_is_loaded;
  return plan_ensemble(losses, answered, passes, {limits.seconds, limits.tokens_per_second, limits.load_seconds});
}

std::vector<QuestionToPlan> random_questions(std::size_t count, std::uint64_t seed) {
  RandomSequence random({seed, {}});
  std::vector<QuestionToPlan> questions(count);
  for (QuestionToPlan& question : questions)
    question = {100 + random.below(900), 0.001 * random.below(633)};
  return questions;
}

/// Seconds that the plan's answers take, counted again.
double seconds_of(const EnsemblePlan& plan, std::span<const QuestionToPlan> questions, const Limits& limits) {
  double seconds = 0;
  for (std::size_t m = 0; m < plan.questions.size(); ++m) {
    if (!plan.questions[m].empty() && !(m == 0 && limits.first_is_loaded))
      seconds += limits.load_seconds;
    for (const std::size_t q : plan.questions[m])
      seconds += static_cast<double>(questions[q].tokens) / limits.tokens_per_second;
  }
  return seconds;
}

} // namespace

TEST_CASE("questions are split in order, within a budget and a number, a longer one being a batch of its own") {
  using Batches = std::vector<std::vector<std::size_t>>;
  const std::vector<std::int64_t> lengths = {40, 60, 10, 200, 30, 30};
  const std::vector<std::size_t> order = {0, 1, 2, 3, 4, 5};
  const auto tokens_of = [&](std::size_t question) { return lengths[question]; };
  CHECK(split_by_tokens(order, 100, tokens_of) == Batches{{0, 1}, {2}, {3}, {4, 5}});
  CHECK(split_by_tokens(order, 1000, tokens_of, 4) == Batches{{0, 1, 2, 3}, {4, 5}});
  CHECK(split_by_tokens({}, 100, tokens_of).empty());
}

TEST_CASE("a question's expected loss is 0 when certain, and 19/30 for a guess") {
  CHECK(expected_loss({0, 0, 1, 0, 0}) == 0);
  CHECK(std::abs(expected_loss({0.2, 0.2, 0.2, 0.2, 0.2}) - 19.0 / 30) < 1e-12);
  CHECK(std::abs(expected_loss({0.1, 0.5, 0.1, 0.3, 0}) - (1 - 0.5 - 0.15 - 0.1 / 3)) < 1e-12);
}

TEST_CASE("with time enough every model answers every question") {
  const auto questions = random_questions(40, 1);
  const EnsemblePlan plan = plan_models(questions, 1, 2, {1e6, 100, 10, false});
  CHECK(plan.complete);
  REQUIRE(plan.questions.size() == 2);
  const auto wanting = static_cast<std::size_t>(
      std::count_if(questions.begin(), questions.end(), [](const auto& q) { return q.loss > 0; }));
  CHECK(plan.questions[0].size() == wanting);
  CHECK(plan.questions[1].size() == wanting);
}

TEST_CASE("a question that needs no further model gets none") {
  const std::vector<QuestionToPlan> questions{{100, 0}, {100, 0.5}, {100, 0}};
  const EnsemblePlan plan = plan_models(questions, 1, 2, {1e6, 100, 10, false});
  CHECK(plan.complete);
  CHECK(plan.questions[0] == std::vector<std::size_t>{1});
  CHECK(plan.questions[1] == std::vector<std::size_t>{1});
  CHECK(plan_models(std::vector<QuestionToPlan>{{100, 0}}, 1, 2, {1e6, 100, 10, false}).complete);
}

TEST_CASE("with little time the most useful questions per token come first") {
  const std::vector<QuestionToPlan> questions{{100, 0.1}, {100, 0.6}, {400, 0.6}, {100, 0.5}};
  const EnsemblePlan plan = plan_models(questions, 1, 1, {2.5, 100, 0, false});
  CHECK_FALSE(plan.complete);
  CHECK(plan.questions[0] == std::vector<std::size_t>{1, 3});
}

TEST_CASE("a third answer comes after second answers that gain a third as much") {
  // The second answer removes 1 - 1/2 of the variance, the third 1/2 - 1/3.
  const std::vector<QuestionToPlan> questions{{100, 0.6}, {100, 0.21}, {100, 0.19}};
  const EnsemblePlan plan = plan_models(questions, 1, 2, {3.5, 100, 0, false});
  CHECK(plan.questions[0] == std::vector<std::size_t>{0, 1});
  CHECK(plan.questions[1] == std::vector<std::size_t>{0});
  const EnsemblePlan shorter = plan_models(questions, 1, 2, {2.5, 100, 0, false});
  CHECK(shorter.questions[0] == std::vector<std::size_t>{0, 1});
  CHECK(shorter.questions[1].empty());
}

TEST_CASE("a model whose loading costs more than it gains is not loaded") {
  const std::vector<QuestionToPlan> questions(10, {100, 0.5});
  const EnsemblePlan plan = plan_models(questions, 1, 2, {20, 100, 9, false});
  CHECK(plan.questions[0].size() == 10);
  CHECK(plan.questions[1].empty());
  CHECK_FALSE(plan.complete);
  CHECK(plan_models(questions, 1, 2, {5, 100, 9, false}).questions[0].empty());
  CHECK(plan_models(questions, 1, 2, {5, 100, 9, true}).questions[0].size() == 5);
}

TEST_CASE("further contexts are read where there are any, by the model that is loaded, and cost what they are long") {
  const std::vector<double> losses = {0.5, 0.6, 0.4};
  // The second model is to be loaded; then it goes on with the second context, which two questions have.
  const std::vector<PlannedPass> passes = {{{100, 100, 100}, true}, {{100, 0, 400}, false}};
  const EnsemblePlan whole = plan_ensemble(losses, 1, passes, {1000, 100, 10});
  CHECK(whole.complete);
  CHECK(whole.seconds == 10 + 3 + 5);
  CHECK(whole.questions[0] == std::vector<std::size_t>{1, 0, 2});
  CHECK(whole.questions[1] == std::vector<std::size_t>{0, 2});

  const EnsemblePlan shorter = plan_ensemble(losses, 1, passes, {14.5, 100, 10});
  CHECK_FALSE(shorter.complete);
  CHECK(shorter.questions[0].size() == 3);
  CHECK(shorter.questions[1] == std::vector<std::size_t>{0});

  const EnsemblePlan sure = plan_ensemble(std::vector<double>{0, 0.6, 0}, 1, passes, {1000, 100, 10});
  CHECK(sure.complete); // nothing of the second pass is wanted
  CHECK(sure.questions[1].empty());
}

TEST_CASE("a plan keeps to its time and gains at least what one model alone would") {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    const auto questions = random_questions(1 + seed, seed);
    RandomSequence random({seed, {1, 0, 0}});
    const Limits limits{static_cast<double>(1 + random.below(2000)), 100, static_cast<double>(random.below(50)),
                        random.below(2) == 1};
    const EnsemblePlan plan = plan_models(questions, 1, 2, limits);
    CHECK(seconds_of(plan, questions, limits) <= limits.seconds + 1e-6);
    CHECK(plan.gain >= plan_models(questions, 1, 1, limits).gain - 1e-12);
    CHECK(plan.gain <= plan_models(questions, 1, 2, {1e9, 100, 0, true}).gain + 1e-12);
  }
}

TEST_CASE("the cut for a number of tokens is the longest that fits") {
  LengthHistogram lengths;
  for (const std::int64_t length : {5, 9, 9, 30, 100, 7})
    lengths.add(length);
  CHECK(lengths.tokens(1000) == 160);
  CHECK(lengths.tokens(9) == 5 + 9 + 9 + 9 + 9 + 7);
  CHECK(lengths.longest_within(160, 4) == 100);
  CHECK(lengths.longest_within(159, 4) == 99);
  CHECK(lengths.longest_within(48, 4) == 9);
  CHECK(lengths.longest_within(10, 4) == 4);
  lengths.remove(100);
  CHECK(lengths.longest() == 30);
  CHECK(lengths.longest_within(1000, 4) == 30);
}

TEST_CASE("a change of speed is believed after some minutes") {
  SpeedEstimate speed(50);
  CHECK_FALSE(speed.measured());
  CHECK(speed.tokens_per_second() == 50);
  for (int i = 0; i < 100; ++i)
    speed.add(1000, 10);
  CHECK(std::abs(speed.tokens_per_second() - 100) < 1e-9);
  for (int i = 0; i < 30; ++i)
    speed.add(100, 10);
  CHECK(speed.tokens_per_second() < 20);
  CHECK(speed.tokens_per_second() > 10);
}

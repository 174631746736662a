// Several contexts a question under a deadline.
#include "ensemble/simulated_run.hpp"

#include <algorithm>
#include <string>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace sciexam;
using namespace sciexam::test;
using Catch::Matchers::ContainsSubstring;

namespace {

SimulatedMachine with_streams(std::size_t streams) {
  SimulatedMachine machine;
  machine.streams = streams;
  return machine;
}

/// The passes in the order in which they were asked: "0.0" is model 0 with the first context.
std::vector<std::string> order_of(const Outcome& outcome, std::size_t questions) {
  std::vector<std::string> passes;
  for (const AskedBatch& batch : outcome.asked)
    for (const std::size_t reading : batch.readings) {
      std::string pass = std::to_string(batch.model) + "." + std::to_string(reading / questions);
      if (passes.empty() || passes.back() != pass)
        passes.push_back(std::move(pass));
    }
  return passes;
}

/// How many readings of a stream were asked of a model.
std::size_t count_asked(const Outcome& outcome, std::size_t model, std::size_t stream, std::size_t questions) {
  std::size_t count = 0;
  for (const AskedBatch& batch : outcome.asked)
    if (batch.model == model)
      count += static_cast<std::size_t>(std::count_if(batch.readings.begin(), batch.readings.end(),
                                                      [&](std::size_t r) { return r / questions == stream; }));
  return count;
}

} // namespace

TEST_CASE("all models read the first context, then the next ones to and fro, each loaded once on the way") {
  const auto readings = random_lengths(3 * 40, 21);
  const Outcome outcome = simulate(readings, with_streams(3), {.limit = 1e6});
  CHECK(outcome.answered == std::vector<std::size_t>{120, 120, 120});
  CHECK(outcome.given_up.empty());
  CHECK(order_of(outcome, 40) ==
        std::vector<std::string>{"0.0", "1.0", "2.0", "2.1", "1.1", "0.1", "0.2", "1.2", "2.2"});
  const double loads = 7 * 5;
  CHECK(outcome.used < 3 * total_tokens(readings) / 100 + loads + 1);
}

TEST_CASE("a question without a further context is not asked with it, and nothing is missing") {
  auto readings = random_lengths(2 * 40, 22);
  for (std::size_t q = 0; q < 40; q += 2)
    readings[40 + q] = {};
  const Outcome outcome = simulate(readings, with_streams(2), {.limit = 1e6});
  CHECK(outcome.answered == std::vector<std::size_t>{60, 60, 60});
  CHECK(outcome.given_up.empty());
  for (const AskedBatch& batch : outcome.asked)
    for (const std::size_t reading : batch.readings)
      CHECK((reading < 40 || reading % 2 == 1));
}

TEST_CASE("with time for the models alone no further context is read, and that is said") {
  const auto readings = random_lengths(2 * 100, 23);
  const std::span<const QuestionLengths> first(readings.data(), 100);
  const double models = 3 * (total_tokens(first) / 100 + 5);
  const Outcome outcome = simulate(readings, with_streams(2), {.limit = 1.02 * models});
  for (std::size_t model = 0; model < 3; ++model)
    CHECK(count_asked(outcome, model, 0, 100) >= 95);
  CHECK(count_asked(outcome, 2, 1, 100) <= 5);
  REQUIRE_FALSE(outcome.given_up.empty());
  CHECK_THAT(outcome.given_up.back(), ContainsSubstring("model 1 with context 2 did not answer 100 of 100 questions"));
}

TEST_CASE("the least sure questions get further contexts first") {
  const auto readings = random_lengths(2 * 140, 24);
  const std::span<const QuestionLengths> first(readings.data(), 140);
  const double models = 3 * (total_tokens(first) / 100 + 5);
  const Outcome outcome = simulate(readings, with_streams(2), {.limit = models + 0.15 * models});
  std::vector<std::size_t> asked(7);
  for (const AskedBatch& batch : outcome.asked)
    for (const std::size_t reading : batch.readings)
      if (reading >= 140)
        ++asked[reading % 140 % 7]; // the simulated first logit, against 1 of B and the model's number of D
  CHECK(asked[6] < asked[1]);
  CHECK(asked[5] == 0);
  CHECK(asked[6] == 0);
  CHECK(asked[0] + asked[1] + asked[2] > 20);
}

TEST_CASE("a model that is lost is lost for all contexts, and the others go on") {
  const auto readings = random_lengths(2 * 50, 25);
  SimulatedMachine machine = with_streams(2);
  machine.broken = {false, true, false};
  const Outcome outcome = simulate(readings, machine, {.limit = 1e6});
  CHECK(outcome.answered == std::vector<std::size_t>{100, 0, 100});
  CHECK(order_of(outcome, 50) == std::vector<std::string>{"0.0", "2.0", "2.1", "0.1"});
  CHECK(outcome.given_up.empty()); // the runner has reported it
}

TEST_CASE("with a cascade sure questions get no further context") {
  const auto readings = random_lengths(2 * 70, 26);
  const Outcome outcome = simulate(readings, with_streams(2), {.limit = 1e6, .cascade = 0.9});
  CHECK(outcome.given_up.empty());
  for (const AskedBatch& batch : outcome.asked)
    for (const std::size_t reading : batch.readings)
      if (reading >= 70 || batch.model > 0)
        CHECK(reading % 7 <= 3); // exp(4) : exp(1) and three of about 1 is sure
}

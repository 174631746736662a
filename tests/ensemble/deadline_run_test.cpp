#include "ensemble/simulated_run.hpp"
#include "support/random.hpp"

#include <algorithm>
#include <cmath>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace sciexam;
using namespace sciexam::test;
using Catch::Matchers::ContainsSubstring;

TEST_CASE("with time enough every model answers everything, and nothing is given up") {
  const auto questions = random_lengths(200, 1);
  const Outcome outcome = simulate(questions, {}, {.limit = 1e6});
  CHECK(outcome.answered == std::vector<std::size_t>{200, 200, 200});
  CHECK(outcome.given_up.empty());
  CHECK_FALSE(outcome.hurried);
  CHECK(outcome.used < 3 * (total_tokens(questions) / 100 + 5) + 1);
}

TEST_CASE("with time for one and a half models the second answers what is left for it") {
  const auto questions = random_lengths(200, 2);
  const double one = total_tokens(questions) / 100 + 5;
  const Outcome outcome = simulate(questions, {}, {.limit = 1.5 * one});
  CHECK(outcome.answered[0] == 200);
  CHECK(outcome.answered[1] > 80);
  CHECK(outcome.answered[1] < 120);
  CHECK(outcome.used <= 1.5 * one);
  CHECK(outcome.used > 1.47 * one);
  CHECK(outcome.hurried);
  CHECK_FALSE(outcome.given_up.empty());
}

TEST_CASE("with too little time for one model sequences are cut, and all questions answered") {
  const auto questions = random_lengths(400, 3);
  const double one = total_tokens(questions) / 100;
  const Outcome outcome = simulate(questions, {}, {.limit = 0.8 * one + 5});
  CHECK(outcome.answered[0] == 400);
  CHECK(outcome.shortest_cut < 150);
  CHECK(outcome.hurried);
  CHECK(outcome.used <= 0.8 * one + 5);
}

TEST_CASE("with far too little time as many questions as possible are answered") {
  const auto questions = random_lengths(400, 4);
  const Outcome outcome = simulate(questions, {}, {.limit = 60});
  CHECK(outcome.answered[0] > 10);
  CHECK(outcome.answered[0] < 40);
  CHECK(outcome.shortest_cut == 48);
  CHECK(outcome.used <= 60);
}

TEST_CASE("models that cannot be used are passed over") {
  const auto questions = random_lengths(50, 5);
  SimulatedMachine machine;
  machine.broken = {true, false, false};
  CHECK(simulate(questions, machine, {.limit = 1e6}).answered == std::vector<std::size_t>{0, 50, 50});
  machine.broken = {true, true, true};
  const Outcome none = simulate(questions, machine, {.limit = 1e6});
  CHECK(none.answered == std::vector<std::size_t>{0, 0, 0});
  CHECK(none.given_up.empty()); // that no model could be used is reported elsewhere
}

TEST_CASE("a cascade sends only uncertain questions to further models") {
  const auto questions = random_lengths(70, 6); // logits grow with the number modulo 7
  const Outcome outcome = simulate(questions, {}, {.limit = 1e6, .cascade = 0.8});
  CHECK(outcome.answered[0] == 70);
  CHECK(outcome.answered[1] == 40); // 0 to 3 of seven: e^4 / (e^4 + e + 1 + 1 + 1/e) is above 0.8
  CHECK(outcome.given_up.empty());
}

TEST_CASE("a signal ends the run within a batch") {
  const auto questions = random_lengths(200, 7);
  int asked = 0;
  const Outcome outcome = simulate(questions, {}, {.limit = 1e6}, 0, {.stop = [&] { return ++asked > 100; }});
  CHECK(asked < 104);
  CHECK(outcome.answered[0] > 0);
  CHECK(outcome.answered[2] == 0);
  CHECK_FALSE(outcome.given_up.empty());
}

TEST_CASE("without any time everything is given up, and the run says so") {
  const auto questions = random_lengths(20, 9);
  const Outcome outcome = simulate(questions, {}, {.limit = 0});
  CHECK(outcome.answered == std::vector<std::size_t>{0, 0, 0});
  REQUIRE_FALSE(outcome.given_up.empty());
  CHECK(outcome.given_up[0] == "no model has answered 20 questions");
}

TEST_CASE("an empty exam or no model is not a failure") {
  CHECK(simulate({}, {}, {.limit = 100}).answered == std::vector<std::size_t>{0, 0, 0});
}

namespace {

/// Random exams, machines and limits: the limit is kept, and where something was given up for lack of time, the
/// time was used.
void check_random_runs(std::uint64_t runs, std::size_t streams = 1) {
  double worst_lost = 0;
  for (std::uint64_t seed = 0; seed < runs; ++seed) {
    RandomSequence random({seed, {9, 0, 0}});
    const auto uniform = [&] { return 1e-6 * random.below(1'000'001); };
    const auto log_uniform = [&](double least, double most) { return least * std::pow(most / least, uniform()); };
    const double most_questions = seed % 1000 == 0 ? 200'000 : 2'000;
    const auto count = static_cast<std::size_t>(log_uniform(1, most_questions));
    const auto readings = random_lengths(streams * count, seed);
    DeadlineOptions options{.limit = log_uniform(60, 32'400), .expected_tokens_per_second = 100};
    SimulatedMachine machine;
    machine.streams = streams;
    machine.tokens_per_second = options.expected_tokens_per_second * log_uniform(0.1, 10);
    machine.load_seconds = log_uniform(0.1, 15);
    if (seed % 2 == 1) {
      machine.change_every = log_uniform(5, 2000);
      machine.slowest = 0.3 + 0.7 * uniform();
    }
    const Outcome outcome = simulate(readings, machine, options, seed);
    INFO("seed " << seed << ", " << count << " questions, limit " << *options.limit << ", speed "
                 << machine.tokens_per_second << ", load " << machine.load_seconds);
    CHECK(outcome.used <= *options.limit);
    const bool complete = outcome.answered == std::vector<std::size_t>(3, readings.size());
    CHECK((complete || !outcome.given_up.empty()));
    // One question may no longer fit at the end, nor a model that would have to be loaded: see kLoadCaution.
    const double unusable = (1.1 * 700 / machine.tokens_per_second + 3.5 * machine.load_seconds) / machine.slowest;
    const double lost = complete ? 0 : *options.limit - outcome.used - unusable;
    worst_lost = std::max(worst_lost, lost / *options.limit);
    CHECK(lost <= 0.02 * *options.limit);
  }
  WARN("most time lost: " << 100 * worst_lost << " %");
}

} // namespace

TEST_CASE("500 random runs keep their limits and use their time") {
  check_random_runs(500);
}

TEST_CASE("500 random runs with three contexts a question keep their limits and use their time") {
  check_random_runs(500, 3);
}

TEST_CASE("10,000 random runs keep their limits and use their time", "[long]") {
  check_random_runs(10'000);
}

TEST_CASE("a run on a machine that stood still past the deadline ends at once") {
  const auto questions = random_lengths(300, 8);
  SimulatedMachine machine;
  machine.suspended = 1000;
  const Outcome outcome = simulate(questions, machine, {.limit = 200});
  CHECK(outcome.used < 1110); // half the limit, the standstill, and a layer
  machine.suspended = 50;
  CHECK(simulate(questions, machine, {.limit = 200}).used <= 200);
}

TEST_CASE("after the first batches it says once how long everything takes, and whether that fits") {
  const auto questions = random_lengths(200, 14);
  const double all = 3 * total_tokens(questions) / 100 + 15;
  const auto outlook = [&](double limit) {
    std::vector<std::string> found;
    simulate(questions, {}, {.limit = limit}, 0, {.plan = [&](const std::string& text) {
               if (text.find("all of 200 questions") != std::string::npos)
                 found.push_back(text);
             }});
    REQUIRE(found.size() == 1);
    return found[0];
  };
  CHECK_THAT(outlook(2 * all),
             ContainsSubstring(" by all models take about 46 min ") && !ContainsSubstring("do not fit"));
  CHECK_THAT(outlook(all / 2), ContainsSubstring("do not fit"));
}

TEST_CASE("where small batches take as long as larger ones, none is made smaller, and nothing is cut because of it") {
  // Full batches have time for all questions, three times over; with one question per batch, at twice the time, they
  // have not.
  const auto questions = random_lengths(20, 12);
  const SimulatedMachine machine{.tokens_per_second = 1000, .load_seconds = 0.1, .least_tokens = 1056};
  const double limit = 1.8 * (3 * total_tokens(questions) / 1000) + 1;
  const Outcome outcome =
      simulate(questions, machine, {.limit = limit, .efficient_tokens = 1056, .expected_load_seconds = 0.1});
  CHECK(outcome.answered == std::vector<std::size_t>{20, 20, 20});
  CHECK(outcome.given_up.empty());
  CHECK(outcome.used < limit);
}

TEST_CASE("a limit too short for everything is used well by full batches") {
  const auto questions = random_lengths(4000, 13);
  const SimulatedMachine machine{.tokens_per_second = 190, .load_seconds = 3, .least_tokens = 1056};
  const Outcome outcome = simulate(questions, machine, {.limit = 180, .efficient_tokens = 1056});
  CHECK(outcome.used < 180);
  // 48 tokens per sequence, 240 per question: at most 190 * 177 / 240 = 140 questions.
  CHECK(outcome.answered[0] > 120);
}

// A DeadlineRun where memory runs out, a model is lost, or a question is absurdly long.
#include "ensemble/simulated_run.hpp"

#include <algorithm>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace sciexam;
using namespace sciexam::test;
using Catch::Matchers::ContainsSubstring;

TEST_CASE("where memory runs out, batches become smaller, and every answer is there") {
  const auto questions = random_lengths(100, 9);
  std::vector<std::string> said;
  const Outcome outcome = simulate(questions, {.most_tokens = {1500, 1e18, 1e18}}, {.limit = 1e6}, 0,
                                   {.plan = [&](const std::string& text) { said.push_back(text); }});
  CHECK(outcome.answered == std::vector<std::size_t>{100, 100, 100});
  CHECK(outcome.given_up.empty());
  CHECK(std::count_if(said.begin(), said.end(), [](const std::string& text) {
          return text.find("memory ran out for ") != std::string::npos;
        }) == 2); // 4224 -> 2112 -> 1056, and no further try
}

TEST_CASE("a model without memory for a single question is given up, and the next one answers all") {
  const auto questions = random_lengths(100, 10);
  const Outcome outcome = simulate(questions, {.most_tokens = {10, 1e18, 10}}, {.limit = 1e6});
  CHECK(outcome.answered == std::vector<std::size_t>{0, 100, 0});
  REQUIRE(outcome.given_up.size() == 2);
  CHECK(outcome.given_up[0] == "model 1 was given up: memory ran out for a single question");
  CHECK(outcome.given_up[1] == "model 3 was given up: memory ran out for a single question");
}

TEST_CASE("a question for which a model has no memory is given up by name, and that model answers all others") {
  auto questions = random_lengths(50, 11);
  questions.push_back({400, 400, 400, 400, 400});
  const Outcome outcome =
      simulate(questions, {.most_tokens = {1900, 1e18, 1e18}},
               {.limit = 1e6, .name_of_reading = [](std::size_t q) { return "q" + std::to_string(q); }});
  CHECK(outcome.answered == std::vector<std::size_t>{50, 51, 51});
  CHECK(outcome.given_up == std::vector<std::string>{"model 1 did not answer q50: memory ran out for it"});
}

TEST_CASE("questions that a model cannot answer are given up by name, and the others keep their answers") {
  const auto questions = random_lengths(30, 15);
  const Outcome outcome = simulate(questions, {.impossible = {3, 8}}, {});
  CHECK(outcome.answered == std::vector<std::size_t>{30, 28, 28});
  REQUIRE(outcome.given_up.size() >= 2);
  CHECK(outcome.given_up[0] == "model 2 did not answer question 4, question 9: simulated");
  CHECK(outcome.given_up[1] == "model 3 did not answer question 4, question 9: simulated");
}

TEST_CASE("a model that is lost on the way keeps its answers, and the next one answers all") {
  const auto questions = random_lengths(200, 16);
  const Outcome outcome = simulate(questions, {.lost_after = 3}, {.limit = 1e6});
  CHECK(outcome.answered[0] > 0);
  CHECK(outcome.answered[0] < 200);
  CHECK(outcome.answered[1] == 200);
  CHECK(outcome.answered[2] == 200);
  CHECK(outcome.given_up == std::vector<std::string>{"model 1 was given up: simulated"});
}

namespace {

/// Questions of which the third and the tenth are long.
std::vector<QuestionLengths> with_two_long_ones(std::size_t count, std::uint64_t seed) {
  std::vector<QuestionLengths> questions = random_lengths(count, seed);
  questions[2] = {8192, 8192, 8192, 8192, 8192};
  questions[9] = {10, 10, 5000, 10, 10};
  return questions;
}

} // namespace

TEST_CASE("long questions come last in every model, each alone, and are whole where there is time") {
  const auto questions = with_two_long_ones(40, 17);
  for (const std::optional<double> limit : {std::optional<double>(), std::optional(1e7)}) {
    const Outcome outcome = simulate(questions, {.attention_length = 3000}, {.limit = limit});
    CHECK(outcome.answered == std::vector<std::size_t>{40, 40, 40});
    CHECK(outcome.given_up.empty());
    for (std::size_t i = 0; i < outcome.asked.size(); ++i) {
      const bool ends_model = i + 1 == outcome.asked.size() || outcome.asked[i + 1].model != outcome.asked[i].model;
      const std::vector<std::size_t>& batch = outcome.asked[i].readings;
      INFO("batch " << i);
      CHECK((batch == std::vector<std::size_t>{2}) == ends_model);
      if (ends_model) {
        CHECK(outcome.asked[i - 1].readings == std::vector<std::size_t>{9});
        CHECK(outcome.asked[i].max_length == 8192);
      }
    }
  }
}

TEST_CASE("long questions are cut by name so that all others have their time, and no limit is missed") {
  const auto questions = with_two_long_ones(100, 18);
  const double usual = total_tokens(questions) - 5 * 8192 - 5040;
  const SimulatedMachine machine{.tokens_per_second = 1000, .load_seconds = 1, .attention_length = 2500};
  const double limit = 3 * usual / 1000 + 30;
  const Outcome outcome = simulate(questions, machine, {.limit = limit, .expected_load_seconds = 1});
  CHECK(outcome.used <= limit);
  CHECK(outcome.answered[0] == 100);
  CHECK(outcome.answered[1] >= 98);
  CHECK(outcome.answered[2] >= 95);
  REQUIRE_FALSE(outcome.given_up.empty());
  CHECK_THAT(outcome.given_up[0], ContainsSubstring("sequences of question ") && ContainsSubstring(" were cut to "));
}

TEST_CASE("a long question that takes longer than its share is given up by name, and every model answers the others") {
  auto questions = random_lengths(50, 19);
  questions.push_back({6000, 6000, 6000, 6000, 6000});
  const SimulatedMachine machine{.tokens_per_second = 1000, .load_seconds = 1, .attention_length = 100};
  const double limit = 3 * 2.2 * (total_tokens(questions) - 30'000) / 1000 + 60;
  const Outcome outcome = simulate(questions, machine, {.limit = limit, .expected_load_seconds = 1});
  CHECK(outcome.used <= limit);
  CHECK(outcome.answered == std::vector<std::size_t>{50, 50, 50});
  REQUIRE_FALSE(outcome.given_up.empty());
  CHECK(outcome.given_up[0] == "model 1 did not answer question 51: its text is too long for the time left");
}

TEST_CASE("an exam of nothing but a long question is answered within its limit, or given up by name") {
  const std::vector<QuestionLengths> questions = {{8000, 8000, 8000, 8000, 8000}};
  CHECK(simulate(questions, {}, {.limit = 1e6}).answered == std::vector<std::size_t>{1, 1, 1});
  const Outcome outcome = simulate(questions, {.attention_length = 100}, {.limit = 60});
  CHECK(outcome.used <= 60);
  CHECK(std::any_of(outcome.given_up.begin(), outcome.given_up.end(),
                    [](const std::string& sentence) { return sentence.find("question 1") != std::string::npos; }));
}

// The page about a run.
#include "report/answer_report.hpp"
#include "report/tags.hpp"

#include <limits>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace sciexam;
using Catch::Matchers::ContainsSubstring;
using test::count;

namespace {

AnswerReport full_report() {
  const double none = std::numeric_limits<double>::quiet_NaN();
  AnswerReport report{.title = "Answers", .subtitle = "of <two> models"};
  report.highlights = {{"questions", "20"}, {"MAP@3", "0.7123"}};
  report.notices = {"model 2 did not answer 5 of 20 questions"};
  report.models = {{.name = "run_0",
                    .questions = 20,
                    .tokens = 4000,
                    .load_seconds = 1.5,
                    .answer_seconds = 8,
                    .map_at_3 = 0.7,
                    .accuracy = 0.6},
                   {.name = "run_1", .questions = 15, .tokens = 3000, .load_seconds = 1.4, .answer_seconds = 6}};
  report.agreement = {{1, 0.8}, {0.8, none}};
  report.margins = {4, 3, 2, 2, 2, 2, 2, 1, 1, 1};
  report.stages = {{"preparing", 0.3}, {"run_0", 8}};
  report.least_certain = {
      {.id = "17",
       .prompt = "Which & why?",
       .options = {"one", "two", "three", "four", "five"},
       .guesses = "B A D",
       .answer = "A",
       .probabilities = {{"run_0", {0.2, 0.3, 0.1, 0.25, 0.15}}, {"ensemble", {0.2, 0.3, 0.1, 0.25, 0.15}}}}};
  report.calibration = {{"run_0", {{0.35, 0.3}, {0.75, 0.8}}}};
  report.facts = {{"program", "sciexam-run 0.1.0"}};
  return report;
}

} // namespace

TEST_CASE("a run's page shows models, agreement, certainty, time and doubtful questions") {
  const std::string html = answer_report(full_report());
  CHECK(test::markup_fault(html) == "");
  CHECK(count(html, "<svg") == 3);
  for (const char* text : {"model 2 did not answer", "0.7123", "80.0 %", "500", "Which &amp; why?", "Guessed: B A D.",
                           "A, right", "0.300", "of &lt;two&gt; models", "sciexam-run 0.1.0", "perfect"})
    CHECK_THAT(html, ContainsSubstring(text));
  CHECK(answer_report(full_report()) == html);
}

TEST_CASE("the page of a run without any model says so, and shows no empty plots") {
  AnswerReport report{.title = "Answers", .subtitle = ""};
  const std::string html = answer_report(report);
  CHECK(test::markup_fault(html) == "");
  CHECK(count(html, "<svg") == 0);
  CHECK_THAT(html, ContainsSubstring("No model answered"));
}

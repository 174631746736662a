// The page about a run.
#include "report/answer_report.hpp"
#include "report/sample_report.hpp"
#include "report/tags.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace sciexam;
using Catch::Matchers::ContainsSubstring;
using test::count;

TEST_CASE("a run's page shows models, agreement, certainty, time and uncertain questions") {
  const std::string html = answer_report(test::sample_answer_report());
  CHECK(test::markup_fault(html) == "");
  CHECK(count(html, "<svg") == 3);
  for (const char* text : {"model 2 did not answer", "0.7123", "80.0 %", "500", "Which &amp; why?", "Guessed: B A D.",
                           "A, right", "0.300", "of &lt;two&gt; models", "sciexam-run 0.1.0", "perfect"})
    CHECK_THAT(html, ContainsSubstring(text));
  CHECK(answer_report(test::sample_answer_report()) == html);
}

TEST_CASE("the page of a run without any model says so, and shows no empty plots") {
  AnswerReport report{.title = "Answers", .subtitle = ""};
  const std::string html = answer_report(report);
  CHECK(test::markup_fault(html) == "");
  CHECK(count(html, "<svg") == 0);
  CHECK_THAT(html, ContainsSubstring("No model answered"));
}

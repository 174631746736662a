#include "report/sample_report.hpp"
#include "report/tags.hpp"
#include "report/training_report.hpp"

#include <cmath>
#include <limits>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace sciexam;
using Catch::Matchers::ContainsSubstring;
using test::count;

TEST_CASE("a report of three runs of 10,000 steps is well formed and stays below 1 MB") {
  const std::string html = training_report(test::sample_report(3, 10'000));
  CHECK(test::markup_fault(html) == "");
  CHECK(html.size() < 1'000'000);
  CHECK(html.size() > 50'000);
}

TEST_CASE("the same report gives the same bytes, and a different one different bytes") {
  TrainingReport report = test::sample_report(2, 300);
  const std::string html = training_report(report);
  CHECK(training_report(test::sample_report(2, 300)) == html);
  report.runs[1].steps[150].loss += 1;
  CHECK(training_report(report) != html);
}

TEST_CASE("a report has plots, tables, warnings and the ensemble's scores") {
  TrainingReport report = test::sample_report(2, 400);
  report.runs[1].warnings = {"the loss was not a number at step 3"};
  const std::string html = training_report(report);
  CHECK(count(html, "<svg") == 6);
  for (const char* title :
       {"Training loss", "Validation loss", "MAP@3 in validation", "Learning rate", "Gradient norm", "Speed"})
    CHECK_THAT(html, ContainsSubstring("<title>" + std::string(title) + "</title>"));
  CHECK(count(html, "class=\"mark\"") == 2);
  CHECK_THAT(html, ContainsSubstring("chance, ln 5 = 1.609"));
  CHECK_THAT(html, ContainsSubstring("</strong> run 1: the loss was not a number at step 3"));
  CHECK_THAT(html, ContainsSubstring("<dt>MAP@3</dt><dd>0.8714</dd>"));
  CHECK_THAT(html, ContainsSubstring("<th scope=\"row\">learning rate</th><td>2e-5</td>"));
  report.runs[1].warnings.clear();
  report.ensemble.clear();
  report.settings.clear();
  const std::string less = training_report(report);
  for (const char* absent : {"Warning:", "<h2>Ensemble</h2>", "<h2>Settings</h2>"}) {
    CHECK_THAT(html, ContainsSubstring(absent));
    CHECK_THAT(less, !ContainsSubstring(absent));
  }
}

TEST_CASE("the table of runs has the best validation, and facts as columns") {
  TrainingReport report{.title = "t", .subtitle = ""};
  RunReport run{.name = "first"};
  run.steps = {{10, 0.5, 1.25, 1e-5, 1, 100}};
  run.validations = {{5, 0.25, 1, 0.5, 0.3}, {10, 0.5, 1, 0.7501, 0.6}, {15, 0.75, 1, 0.7, 0.65}};
  run.facts = {{"hours", "2.5"}, {"steps", "10 of 20"}};
  report.runs = {run, RunReport{.name = "second", .facts = {{"seed", "7"}}}};
  const std::string html = training_report(report);
  CHECK_THAT(html, ContainsSubstring("best MAP@3</th><th scope=\"col\" class=\"number\">accuracy</th>"
                                     "<th scope=\"col\" class=\"number\">hours</th>"
                                     "<th scope=\"col\" class=\"number\">seed</th>"));
  CHECK_THAT(html, ContainsSubstring("<th scope=\"row\">first</th><td>10 of 20</td><td class=\"number\">0.50</td>"
                                     "<td class=\"number\">1.2500</td><td class=\"number\">0.7501</td>"
                                     "<td class=\"number\">0.6000</td><td class=\"number\">2.5</td>"));
  CHECK_THAT(html, ContainsSubstring("<th scope=\"row\">second</th><td>0</td><td class=\"number\">0</td>"
                                     "<td class=\"number\">-</td><td class=\"number\">-</td>"
                                     "<td class=\"number\">-</td><td class=\"number\"></td>"
                                     "<td class=\"number\">7</td>"));
}

TEST_CASE("before the first step a report says that there is no data yet") {
  const std::string html = training_report({.title = "t", .subtitle = ""});
  CHECK(test::markup_fault(html).empty());
  CHECK_THAT(html, ContainsSubstring("No run has begun yet."));
  CHECK(count(html, ">no data yet</text>") == 6);
}

TEST_CASE("a run of NaN still gives a page") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  TrainingReport report = test::sample_report(1, 100);
  for (TrainingStep& step : report.runs[0].steps)
    step = {step.step, step.epoch, nan, nan, nan, nan};
  for (ValidationPoint& point : report.runs[0].validations)
    point = {point.step, point.epoch, nan, nan, nan};
  const std::string html = training_report(report);
  CHECK(test::markup_fault(html).empty());
  CHECK(count(html, ">no data yet</text>") == 6);
}

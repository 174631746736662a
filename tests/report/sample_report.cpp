#include "report/sample_report.hpp"

#include <cmath>
#include <limits>
#include <random>

namespace sciexam::test {
namespace {

RunReport sample_run(int number, int steps) {
  std::mt19937 random(static_cast<unsigned>(number));
  const auto noise = [&] { return std::exp((static_cast<double>(random() % 2001) - 1000) / 2000); };
  RunReport run{.name = "run " + std::to_string(number)};
  for (int i = 1; i <= steps; ++i) {
    const double done = static_cast<double>(i) / steps;
    const double loss = 0.35 + 0.03 * number + 1.25 * std::exp(-4.5 * done);
    run.steps.push_back({i, 3 * done, loss * noise(), 2e-5 * (1 - done), 2.5 * noise(), 3150 + 200 * noise()});
    if (i % std::max(1, steps / 20) == 0) {
      const double map_at_3 = 0.86 - 0.47 * std::exp(-5 * done);
      run.validations.push_back({i, 3 * done, 0.45 + 1.1 * std::exp(-5 * done), map_at_3, map_at_3 - 0.1});
    }
  }
  run.facts = {{"seed", std::to_string(41 + number)}};
  return run;
}

} // namespace

TrainingReport sample_report(int runs, int steps) {
  TrainingReport report{.title = "Three seeds", .subtitle = "deberta-v3-large"};
  for (int i = 0; i < runs; ++i)
    report.runs.push_back(sample_run(i, steps));
  report.settings = {{"learning rate", "2e-5"}, {"batch", "16 questions"}};
  report.ensemble = {{"MAP@3", "0.8714"}, {"accuracy", "0.7912"}};
  return report;
}

AnswerReport sample_answer_report() {
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

IndexReport sample_index_report() {
  IndexReport report{.title = "A <small> index", .subtitle = "A passage index"};
  report.highlights = {{"articles", "250"}, {"passages", "1000"}};
  report.lengths = {{"0", 100}, {"20", 200}, {"40", 700}};
  report.parts = {{"texts", 2'500'000}, {"postings", 100'000}};
  report.passages = 1000;
  report.documents = 300;
  report.left_out = {{"redirect", 50, {"A <b> (dump.json, row 2)", "B (dump.json, row 4)"}}};
  report.files = {{"dump.json", 9000, "0123abcd"}, {"-", 0, ""}};
  report.building = {{"time", "3 min 20 s"}};
  report.facts = {{"licence", "CC BY-SA 4.0"}};
  return report;
}

} // namespace sciexam::test

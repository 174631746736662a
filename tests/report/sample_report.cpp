#include "report/sample_report.hpp"

#include <cmath>
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

} // namespace sciexam::test

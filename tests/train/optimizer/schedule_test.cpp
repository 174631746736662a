#include "train/optimizer/schedule.hpp"

#include <cmath>
#include <vector>

#include <catch2/catch_test_macros.hpp>

using namespace sciexam;

namespace {

std::vector<double> factors(const std::string& kind, double warmup_ratio, std::int64_t total) {
  TrainingSettings settings;
  settings.lr_scheduler_type = kind;
  settings.warmup_ratio = warmup_ratio;
  std::vector<double> all;
  for (std::int64_t step = 0; step <= total; ++step)
    all.push_back(learning_rate_factor(settings, step, total));
  return all;
}

void check_close(const std::vector<double>& found, const std::vector<double>& expected) {
  REQUIRE(found.size() == expected.size());
  for (std::size_t i = 0; i < found.size(); ++i)
    CHECK(std::abs(found[i] - expected[i]) < 1e-12);
}

} // namespace

TEST_CASE("schedules warm up linearly, then fall as their names say") {
  // transformers.optimization.get_scheduler, by hand
  check_close(factors("linear", 0.4, 5), {0, 0.5, 1, 2.0 / 3, 1.0 / 3, 0});
  check_close(factors("constant", 0.4, 5), {0, 0.5, 1, 1, 1, 1});
  check_close(factors("cosine", 0, 4), {1, 0.5 + std::sqrt(0.125), 0.5, 0.5 - std::sqrt(0.125), 0});
}

TEST_CASE("the warmup is rounded up to whole steps") {
  TrainingSettings settings;
  settings.warmup_ratio = 0.1;
  CHECK(warmup_steps(settings, 11) == 2);
  settings.warmup_ratio = 0;
  CHECK(warmup_steps(settings, 11) == 0);
}

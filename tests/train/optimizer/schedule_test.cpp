#include "train/inputs/batch_order.hpp"
#include "train/loop/loss_watch.hpp"
#include "train/optimizer/schedule.hpp"

#include <algorithm>
#include <cmath>
#include <set>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace sciexam;
using Catch::Matchers::ContainsSubstring;

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

TEST_CASE("an epoch has every question once, in another order each time") {
  const std::vector<std::int64_t> lengths(101, 10);
  for (const bool grouped : {false, true}) {
    const OrderOptions options{1, 4, grouped};
    const auto first = epoch_batches(lengths, 0, options), second = epoch_batches(lengths, 1, options);
    CHECK(static_cast<std::int64_t>(first.size()) == steps_per_epoch(101, 4));
    std::set<std::size_t> seen;
    for (const auto& batch : first)
      seen.insert(batch.begin(), batch.end());
    CHECK(seen.size() == 101);
    CHECK(first != second);
    CHECK(first == epoch_batches(lengths, 0, options));
    CHECK(first != epoch_batches(lengths, 0, {2, 4, grouped}));
  }
}

TEST_CASE("batches grouped by length are of like length") {
  std::vector<std::int64_t> lengths;
  for (std::int64_t i = 0; i < 800; ++i)
    lengths.push_back(1 + i * 7919 % 800);
  const auto spread = [&](bool grouped) {
    std::int64_t sum = 0;
    for (const auto& batch : epoch_batches(lengths, 0, {3, 8, grouped})) {
      const auto [least, most] = std::minmax_element(
          batch.begin(), batch.end(), [&](std::size_t a, std::size_t b) { return lengths[a] < lengths[b]; });
      sum += lengths[*most] - lengths[*least];
    }
    return sum;
  };
  CHECK(spread(true) * 10 < spread(false));
}

TEST_CASE("a loss pinned at ln 5 is told once, with the remedy") {
  LossWatch watch(20, 0, 0);
  int warnings = 0;
  for (int i = 0; i < 100; ++i)
    if (const auto warning = watch.observe(1.609 + 0.005 * std::sin(i), 2e-5)) {
      ++warnings;
      CHECK_THAT(*warning, ContainsSubstring("ln 5") && ContainsSubstring("--learning-rate"));
      CHECK(i == 19);
    }
  CHECK(warnings == 1);
}

TEST_CASE("a loss that falls is not told about") {
  LossWatch watch(20, 0, 0);
  for (int i = 0; i < 100; ++i)
    CHECK(!watch.observe(1.7 - 0.01 * i, 2e-5));
}

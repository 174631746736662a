#include "train/loop/loss_watch.hpp"

#include <cmath>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace sciexam;
using Catch::Matchers::ContainsSubstring;

TEST_CASE("a loss pinned at ln 5 is reported once, with the remedy") {
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

TEST_CASE("a loss that falls is not reported") {
  LossWatch watch(20, 0, 0);
  for (int i = 0; i < 100; ++i)
    CHECK(!watch.observe(1.7 - 0.01 * i, 2e-5));
}

#include "train/inputs/batch_order.hpp"

#include <algorithm>
#include <set>

#include <catch2/catch_test_macros.hpp>

using namespace sciexam;

TEST_CASE("an epoch has every question once, in a different order each time") {
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

TEST_CASE("batches grouped by length are of similar length") {
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

TEST_CASE("steps are counted in epochs, or given") {
  TrainingSettings settings;
  settings.batch_size = 4;
  settings.num_train_epochs = 2;
  CHECK(total_steps(settings, 9) == 6);
  settings.num_train_epochs = 0.5;
  CHECK(total_steps(settings, 9) == 2);
  settings.max_steps = 17;
  CHECK(total_steps(settings, 9) == 17);
}

TEST_CASE("batches are requested by step, across epochs, in any order") {
  const std::vector<std::int64_t> lengths = {5, 6, 7, 8, 9};
  TrainingSet set;
  set.lengths = lengths;
  set.questions.resize(lengths.size());
  TrainingSettings settings;
  settings.batch_size = 2;
  settings.num_train_epochs = 2;
  settings.seed = 4;
  BatchOrder order(set, settings);
  CHECK(order.total_steps() == 6);
  CHECK(order.steps_per_epoch() == 3);
  CHECK(order.epoch_at(3) == 1);
  const auto second = epoch_batches(lengths, 1, {4, 2, false});
  CHECK(order.batch_of(4) == second[1]);
  CHECK(order.batch_of(0) == epoch_batches(lengths, 0, {4, 2, false})[0]);
  CHECK(order.tokens_of_steps(0, 3) == 35);
  CHECK(order.tokens_of_steps(0, 6) == 70);
  CHECK(order.tokens_of_steps(6, 6) == 0);
}

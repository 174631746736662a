#include "train/inputs/batch_order.hpp"
#include "train/inputs/context_draw.hpp"

#include <algorithm>
#include <set>

#include <catch2/catch_test_macros.hpp>

using namespace sciexam;

namespace {

EncodedQuestion of_length(std::size_t tokens) {
  EncodedQuestion encoded;
  for (Encoding& sequence : encoded)
    sequence.ids.assign(tokens, 7);
  return encoded;
}

/// Questions with 1, 2, 3, 4, 1, ... contexts; that of number c of question i has 1000 * c + i tokens a sequence.
TrainingSet set_of(std::size_t questions) {
  TrainingSet set;
  for (std::size_t i = 0; i < questions; ++i) {
    set.questions.push_back({.answer = 0, .row = i + 2});
    set.places.emplace_back();
    set.encoded.push_back(of_length(i + 1));
    set.lengths.push_back(token_count(set.encoded.back()));
    set.further.emplace_back();
    for (std::size_t c = 1; c <= i % 4; ++c)
      set.further.back().push_back(of_length(1000 * c + i));
  }
  return set;
}

TrainingSettings settings_of(std::int64_t contexts, std::int64_t seed = 3) {
  TrainingSettings settings;
  settings.contexts_per_question = contexts;
  settings.seed = seed;
  settings.batch_size = 4;
  return settings;
}

std::vector<std::size_t> drawn(const ContextDraw& draw, std::size_t question, std::int64_t epochs) {
  std::vector<std::size_t> contexts;
  for (std::int64_t epoch = 0; epoch < epochs; ++epoch)
    contexts.push_back(draw.context(question, epoch));
  return contexts;
}

} // namespace

TEST_CASE("by default every epoch has the first context, whatever others there are") {
  const TrainingSet set = set_of(8);
  const TrainingSettings usual;
  const ContextDraw draw(set, usual);
  for (std::size_t question = 0; question < 8; ++question) {
    CHECK((drawn(draw, question, 3) == std::vector<std::size_t>{0, 0, 0}));
    CHECK(&draw.encoded(question, 1) == &set.encoded[question]);
    CHECK(draw.tokens(question, 1) == set.lengths[question]);
  }
}

TEST_CASE("in so many epochs as a question has contexts it has each of them once, in changing order") {
  const TrainingSet set = set_of(40);
  const TrainingSettings settings = settings_of(16);
  const ContextDraw draw(set, settings);
  std::set<std::vector<std::size_t>> orders;
  for (std::size_t question = 0; question < 40; ++question) {
    const std::size_t count = 1 + question % 4;
    CHECK(draw.contexts(question) == count);
    for (std::int64_t round = 0; round < 5; ++round) {
      std::vector<std::size_t> contexts;
      for (std::size_t i = 0; i < count; ++i)
        contexts.push_back(
            draw.context(question, round * static_cast<std::int64_t>(count) + static_cast<std::int64_t>(i)));
      if (count == 3)
        orders.insert(contexts);
      std::sort(contexts.begin(), contexts.end());
      for (std::size_t i = 0; i < count; ++i)
        CHECK(contexts[i] == i);
    }
  }
  CHECK(orders.size() == 6); // all orders of three come up in 50 rounds
  CHECK(draw.encoded(3, 0)[0].ids.size() == (draw.context(3, 0) == 0 ? 4 : 1000 * draw.context(3, 0) + 3));
}

TEST_CASE("no more contexts are drawn from than the run asks for") {
  const TrainingSet set = set_of(8);
  const TrainingSettings settings = settings_of(2);
  const ContextDraw draw(set, settings);
  CHECK(draw.contexts(3) == 2);
  for (const std::size_t context : drawn(draw, 3, 20))
    CHECK(context < 2);
}

TEST_CASE("what is drawn depends on seed, epoch and row alone, not on the other questions") {
  const TrainingSet set = set_of(40);
  const TrainingSet some = set.subset(std::vector<std::size_t>{39, 5, 7, 23});
  REQUIRE(some.further.size() == 4);
  const TrainingSettings settings = settings_of(16), other = settings_of(16, 4);
  const ContextDraw draw(set, settings), of_some(some, settings), of_other_seed(set, other);
  CHECK(drawn(draw, 39, 30) == drawn(of_some, 0, 30));
  CHECK(drawn(draw, 5, 30) == drawn(of_some, 1, 30));
  CHECK(drawn(draw, 23, 30) == drawn(of_some, 3, 30));
  CHECK(drawn(draw, 39, 30) != drawn(of_other_seed, 39, 30));
  CHECK(drawn(draw, 39, 30) != drawn(draw, 35, 30)); // both have four
}

TEST_CASE("questions without further contexts may follow and precede those that have some") {
  TrainingSet set = set_of(2); // without, with one
  TrainingSet part;
  part.add(set, 0);
  CHECK(part.further.empty());
  part.add(set, 1);
  part.add(set, 0);
  const TrainingSettings settings = settings_of(4);
  const ContextDraw draw(part, settings);
  CHECK((draw.contexts(0) == 1 && draw.contexts(1) == 2 && draw.contexts(2) == 1));
}

TEST_CASE("batches are grouped by, and tokens counted of, the contexts that the epoch draws") {
  const TrainingSet set = set_of(40);
  TrainingSettings settings = settings_of(4);
  settings.group_by_length = true;
  settings.num_train_epochs = 3;
  const ContextDraw draw(set, settings);
  BatchOrder order(set, settings);
  std::uint64_t all = 0;
  for (std::int64_t epoch = 0; epoch < 3; ++epoch) {
    std::vector<std::int64_t> lengths;
    std::uint64_t tokens = 0;
    for (std::size_t question = 0; question < 40; ++question) {
      lengths.push_back(draw.tokens(question, epoch));
      tokens += static_cast<std::uint64_t>(lengths.back());
    }
    const std::int64_t step = epoch * order.steps_per_epoch();
    CHECK(order.lengths_at(step) == lengths);
    CHECK(order.batch_of(step + 2) == epoch_batches(lengths, epoch, {3, 4, true})[2]);
    CHECK(order.tokens_of_steps(step, step + order.steps_per_epoch()) == tokens);
    all += tokens;
  }
  CHECK(order.tokens_of_steps(0, order.total_steps()) == all);
}

#include "catch_beside_torch.hpp"
#include "model/tiny_networks.hpp"
#include "train/engine/memory_estimate.hpp"
#include "train/lesson.hpp"

using namespace sciexam;
using namespace sciexam::test;

TEST_CASE("memory is estimated lower where less is trained or kept") {
  const DebertaConfig config = large_shape();
  const TrainingSettings usual;
  const PassSize pass{1000, 100, 2};
  const MemoryEstimate full = estimate_memory(config, usual, pass);
  // 434 million parameters: four bytes each for the weights, eight for the moments.
  CHECK(full.weights > std::uint64_t{1'700'000'000});
  CHECK(full.optimizer > std::uint64_t{3'400'000'000});
  TrainingSettings changed = usual;
  changed.gradient_checkpointing = true;
  CHECK(estimate_memory(config, changed, pass).activations < full.activations / 5);
  changed = usual;
  changed.freeze_layers = 18;
  changed.freeze_embeddings = true;
  CHECK(estimate_memory(config, changed, pass).total() < full.total() / 2);
  CHECK(ways_to_less_memory(config, usual, pass).size() >= 2);
}

TEST_CASE("the largest pass is that of the contexts that are drawn") {
  Lesson lesson;
  TrainingSettings settings = quick_settings();
  settings.token_budget = 1'000'000;
  settings.batch_size = 64; // each step has all questions
  const PassSize first = largest_pass(lesson.train, settings, 1);
  CHECK(first.tokens == lesson.train.total_tokens());
  lesson.train = lesson.with_contexts();
  CHECK(largest_pass(lesson.train, settings, 1).tokens == first.tokens);
  settings.contexts_per_question = 3;
  const PassSize several = largest_pass(lesson.train, settings, 1);
  CHECK(several.tokens > first.tokens);
  CHECK(several.tokens < first.tokens + 2 * 5 * 64);
  CHECK(several.longest_sequence == first.longest_sequence + 2);
}

#include "gpu/training/training_buffers.hpp"

#include <algorithm>

namespace sciexam::inline gpu {
namespace {

std::uint64_t f16_bytes(std::int64_t rows, std::int64_t columns) {
  return 2 * static_cast<std::uint64_t>(rows) * static_cast<std::uint64_t>(columns);
}
std::uint64_t f32_bytes(std::int64_t rows, std::int64_t columns) {
  return 2 * f16_bytes(rows, columns);
}
/// With a word to spare: the last bits of a mask are read in words.
std::uint64_t bit_bytes(std::uint64_t bits) {
  return (bits / 32 + 2) * 4;
}

} // namespace

TrainingArrays::TrainingArrays(const TrainingLayout& layout, const TrainingSetup& setup, Arena& arena) {
  for (driver::Pointer* array : {&weights, &gradients, &exp_avg, &exp_avg_sq})
    *array = arena.take(4 * layout.elements);
  if (setup.keep_average)
    average = arena.take(4 * layout.elements);
  if (setup.perturbs)
    kept = arena.take(4 * layout.elements);
  tables = layout.tables;
  halves = arena.take(2 * (layout.elements - tables));
}

TrainingSizes::TrainingSizes(const NetworkShape& shape, const DeviceLimits& limits) : heads(shape.padded_heads()) {
  strip_rows = (std::min(shape.relative_rows, 2 * limits.longest - 1) + 7) / 8 * 8;
  // As many sequences of the longest kind as there are tokens for; each rounded up to a word.
  const auto longest = static_cast<std::uint64_t>(std::min(limits.longest, limits.tokens));
  probabilities =
      static_cast<std::uint64_t>(shape.num_attention_heads) * static_cast<std::uint64_t>(limits.tokens) * longest +
      32ULL * static_cast<std::uint64_t>(limits.sequences);
}

LayerActivations TrainingBuffers::activations(const NetworkShape& shape, const DeviceLimits& limits,
                                              Arena& arena) const {
  const TrainingSizes sizes(shape, limits);
  const std::int32_t tokens = limits.tokens, hidden_size = shape.hidden_size;
  LayerActivations layer;
  layer.query_key_value = arena.take(f16_bytes(tokens, std::int64_t{3} * sizes.heads));
  layer.context = arena.take(f16_bytes(tokens, sizes.heads));
  layer.log_sums = arena.take(f32_bytes(tokens, shape.num_attention_heads));
  layer.attended_sum = arena.take(f32_bytes(tokens, hidden_size));
  layer.attended = arena.take(f16_bytes(tokens, hidden_size));
  layer.attended_statistics = arena.take(f32_bytes(tokens, 2));
  layer.inner = arena.take(f16_bytes(tokens, shape.intermediate_size));
  layer.output_sum = arena.take(f32_bytes(tokens, hidden_size));
  layer.output_statistics = arena.take(f32_bytes(tokens, 2));
  if (shape.c2p || shape.p2c)
    layer.relative = arena.take(f16_bytes(sizes.strip_rows, hidden_size));
  if (shape.c2p)
    layer.key_table = arena.take(f16_bytes(sizes.strip_rows, sizes.heads));
  if (shape.p2c)
    layer.query_table = arena.take(f16_bytes(sizes.strip_rows, sizes.heads));
  return layer;
}

BatchPlaces::BatchPlaces(const NetworkShape& shape, const DeviceLimits& limits, Arena& arena) {
  const std::uint64_t before = arena.used();
  const auto take = [&](std::int64_t count, std::size_t size) {
    return arena.take(static_cast<std::uint64_t>(count) * size);
  };
  const std::int64_t tokens = limits.tokens, sequences = limits.sequences;
  ids = take(tokens, 4);
  places = take(tokens, 4);
  type_ids = take(tokens, 4);
  offsets = take(sequences + 1, 4);
  query_blocks = take(2 * (tokens / kQueryBlock + sequences), 4); // a sequence's last may be short
  mask_begins = take(sequences, 8);
  distances = take(2 * std::int64_t{limits.longest} - 1, 2);
  first_distances = take(TrainingSizes(shape, limits).strip_rows + 1, 4);
  for (LookedUpRows* sorted : {&words, &positions, &types}) {
    sorted->order = take(tokens, 4);
    sorted->starts = take(tokens + 1, 4);
    sorted->rows = take(tokens, 4);
  }
  bytes = arena.used() - before;
}

TrainingBuffers::TrainingBuffers(const NetworkShape& shape, const TrainingSetup& setup, const DeviceLimits& limits,
                                 Arena& arena) {
  const TrainingSizes sizes(shape, limits);
  const std::int32_t tokens = limits.tokens, hidden_size = shape.hidden_size, embedding = shape.padded_embedding();
  const auto layer_count = static_cast<std::size_t>(shape.num_hidden_layers);
  for (std::size_t i = 0; i <= layer_count; ++i)
    hidden.push_back(arena.take(f16_bytes(tokens, hidden_size)));
  for (std::size_t i = 0; i < (setup.recomputes ? layer_count + 1 : 1); ++i)
    hidden_wide.push_back(arena.take(f32_bytes(tokens, hidden_size)));
  attended_wide = arena.take(f32_bytes(tokens, hidden_size));
  for (std::size_t i = 0; i < (setup.recomputes ? 1 : layer_count); ++i)
    layers.push_back(activations(shape, limits, arena));
  if (shape.embedding_size != hidden_size)
    embedded = arena.take(f16_bytes(tokens, embedding));
  embedded_sum = arena.take(f32_bytes(tokens, hidden_size));
  embedded_statistics = arena.take(f32_bytes(tokens, 2));
  if (shape.relative_rows > 0) {
    normed_relative = arena.take(f16_bytes(shape.relative_rows, hidden_size));
    relative_statistics = arena.take(f32_bytes(shape.relative_rows, 2));
    d_relative = arena.take(f16_bytes(shape.relative_rows, hidden_size));
    d_relative_sum = arena.take(f32_bytes(shape.relative_rows, hidden_size));
  }
  activated = arena.take(f16_bytes(tokens, shape.intermediate_size));
  const std::uint64_t rows = static_cast<std::uint64_t>(std::max(tokens, shape.relative_rows));
  mask = arena.take(bit_bytes(rows * static_cast<std::uint64_t>(hidden_size)));
  if (setup.attention_dropout > 0)
    attention_mask = arena.take(bit_bytes(sizes.probabilities));
  const std::int64_t strips = std::int64_t{shape.num_attention_heads} * sizes.strip_rows;
  if (shape.c2p)
    for (driver::Pointer* strip : {&c2p, &d_c2p})
      *strip = arena.take(f16_bytes(tokens, strips));
  if (shape.p2c)
    for (driver::Pointer* strip : {&p2c, &d_p2c})
      *strip = arena.take(f16_bytes(tokens, strips));
  for (driver::Pointer* gradient : {&d_hidden, &d_sum, &d_dropped})
    *gradient = arena.take(f16_bytes(tokens, hidden_size));
  d_inner = arena.take(f16_bytes(tokens, std::max(shape.intermediate_size, embedding)));
  d_query_key_value = arena.take(f16_bytes(tokens, std::int64_t{3} * sizes.heads));
  d_context = arena.take(f16_bytes(tokens, sizes.heads));
  dots = arena.take(f32_bytes(tokens, shape.num_attention_heads));
  if (shape.c2p)
    d_key_table = arena.take(f16_bytes(sizes.strip_rows, sizes.heads));
  if (shape.p2c)
    d_query_table = arena.take(f16_bytes(sizes.strip_rows, sizes.heads));
  const std::int32_t widest = std::max({3 * sizes.heads, shape.intermediate_size, hidden_size});
  const std::size_t squares = parts_of_squares(static_cast<std::int64_t>(TrainingLayout(shape).elements)),
                    of_rows = 2 * static_cast<std::size_t>(parts_of_rows(static_cast<int>(rows))) *
                              static_cast<std::size_t>(widest);
  const auto words = static_cast<std::size_t>(shape.vocab_size);
  parts = arena.take(4 * std::max(squares + words, of_rows));
  touched_words = arena.take(words);
  step_words = arena.take(4 * words);
  for (driver::Pointer* of_head : {&first, &pooler_sum, &pooled, &d_pooled, &d_first})
    *of_head = arena.take(f16_bytes(limits.sequences, hidden_size));
  logits = arena.take(f32_bytes(limits.sequences, 1));
  d_logits = arena.take(f32_bytes(limits.sequences, 1));
}

TrainingMemory training_memory(const NetworkShape& shape, const TrainingSetup& setup, const DeviceLimits& limits) {
  const TrainingLayout layout(shape);
  const std::uint64_t array = 4 * layout.elements;
  TrainingMemory memory{
      .weights = array + 2 * (layout.elements - layout.tables), .gradients = array, .moments = 2 * array};
  memory.copies = (setup.keep_average ? array : 0) + (setup.perturbs ? array : 0);
  Arena arena(0);
  const TrainingArrays arrays(layout, setup, arena);
  const TrainingBuffers buffers(shape, setup, limits, arena);
  const BatchPlaces batch(shape, limits, arena);
  memory.activations = arena.used() - memory.total();
  return memory;
}

} // namespace sciexam::inline gpu

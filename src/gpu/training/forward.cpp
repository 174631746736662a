#include "gpu/training/forward.hpp"

namespace sciexam::inline gpu {
namespace {

void embed(const TrainingState& state) {
  const TrainingBuffers& at = state.buffers;
  const TrainingBatch& batch = state.batch;
  const TrainingLayout& layout = state.layout;
  const NetworkShape& shape = state.shape;
  const auto table = [&](std::int32_t rows, std::uint64_t first) { return rows > 0 ? state.arrays.weight(first) : 0; };
  const bool projected = at.embedded != 0;
  state.kernels.embed({table(shape.vocab_size, layout.words), table(shape.position_rows, layout.positions),
                       table(shape.type_vocab_size, layout.types), batch.ids, batch.places, batch.type_ids},
                      projected ? 0 : at.embedded_sum, at.embedded, batch.tokens, layout.embedding_width, state.stream);
  if (projected) {
    TrainingProduct product = state.linear(at.embedded, layout.embedding_projection, 0, batch.tokens);
    product.sums = at.embedded_sum;
    state.run(ProductKind::forward, product);
  }
  state.norm(at.embedded_sum, layout.embeddings_norm, at.hidden[0], at.wide_hidden(0), at.embedded_statistics,
             batch.tokens);
  const std::int64_t elements = std::int64_t{batch.tokens} * shape.hidden_size;
  if (const DeviceDropout dropout = state.draw(DropoutSite::embeddings, 0, elements, state.setup.hidden_dropout);
      dropout.mask != 0)
    state.kernels.drop_wide(at.wide_hidden(0), dropout, at.hidden[0], elements, state.stream);
}

/// The table of relative positions, rounded, after its layer norm.
void prepare_relative(const TrainingState& state) {
  const TrainingBuffers& at = state.buffers;
  const driver::Pointer table = state.arrays.weight(state.layout.relative);
  const std::int32_t rows = state.shape.relative_rows;
  if (rows == 0)
    return;
  if (state.shape.normalize_relative_embeddings)
    state.norm(table, state.layout.relative_norm, at.normed_relative, 0, at.relative_statistics, rows);
  else
    state.kernels.to_halves(table, at.normed_relative, std::int64_t{rows} * state.shape.hidden_size, state.stream);
}

/// y = dropout(x w^T + bias) + residual; y and residual f32.
void project_onto(const TrainingState& state, driver::Pointer x, const LinearPlace& linear, driver::Pointer residual,
                  driver::Pointer y, const DeviceDropout& dropout) {
  TrainingProduct product = state.linear(x, linear, 0, state.batch.tokens);
  product.mask = dropout.mask;
  product.kept_scale = dropout.kept_scale;
  product.wide_residual = residual;
  product.sums = y;
  state.run(ProductKind::forward, product);
}

void classify(const TrainingState& state) {
  const TrainingBuffers& at = state.buffers;
  const TrainingBatch& batch = state.batch;
  const NetworkShape& shape = state.shape;
  const std::int64_t elements = std::int64_t{batch.sequences} * shape.hidden_size;
  state.module.first_tokens(at.hidden.back(), batch.offsets, at.first, batch.sequences, shape.hidden_size,
                            state.stream);
  if (const DeviceDropout dropout = state.draw(DropoutSite::pooler, 0, elements, state.setup.pooler_dropout);
      dropout.mask != 0)
    state.kernels.drop(at.first, dropout, at.first, elements, state.stream);
  state.run(ProductKind::forward, state.linear(at.first, state.layout.pooler, at.pooler_sum, batch.sequences));
  state.kernels.pool(at.pooler_sum, state.draw(DropoutSite::classifier, 0, elements, state.setup.classifier_dropout),
                     at.pooled, elements, shape.pooler_act, state.stream);
  const LinearPlace& classifier = state.layout.classifier;
  state.module.classify(
      at.pooled, {state.arrays.weight(classifier.weight), state.arrays.weight(classifier.bias), 1, shape.hidden_size},
      at.logits, batch.sequences, 0, DeviceActivation::linear, state.stream);
}

} // namespace

void run_layer(const TrainingState& state, std::size_t i) {
  const LayerActivations& at = state.buffers.layer(i);
  const TrainingBuffers& buffers = state.buffers;
  const LayerPlaces& places = state.layout.layers[i];
  const TrainingBatch& batch = state.batch;
  const NetworkShape& shape = state.shape;
  const driver::Pointer hidden = buffers.hidden[i];
  const std::int64_t elements = std::int64_t{batch.tokens} * shape.hidden_size;
  state.run(ProductKind::forward, state.linear(hidden, places.query_key_value, at.query_key_value, batch.tokens));
  if (shape.c2p || shape.p2c) {
    state.make_tables(i);
    state.make_strips(at);
  }
  TrainingAttention attention = state.attention(at);
  const DeviceDropout of_probabilities =
      state.draw(DropoutSite::attention_probabilities, i, static_cast<std::int64_t>(batch.probabilities),
                 state.setup.attention_dropout);
  attention.mask = of_probabilities.mask;
  attention.kept_scale = of_probabilities.kept_scale;
  state.kernels.attention_forward(attention, batch.blocks, shape.num_attention_heads, shape.padded_head, state.stream);

  project_onto(state, at.context, places.attention_output, buffers.wide_hidden(i), at.attended_sum,
               state.draw(DropoutSite::attention_output, i, elements, state.setup.hidden_dropout));
  state.norm(at.attended_sum, places.attention_norm, at.attended, buffers.attended_wide, at.attended_statistics,
             batch.tokens);
  TrainingProduct inner = state.linear(at.attended, places.intermediate, at.inner, batch.tokens);
  inner.activated = buffers.activated;
  state.run(ProductKind::forward, inner);
  project_onto(state, buffers.activated, places.output, buffers.attended_wide, at.output_sum,
               state.draw(DropoutSite::layer_output, i, elements, state.setup.hidden_dropout));
  state.norm(at.output_sum, places.output_norm, buffers.hidden[i + 1], buffers.wide_hidden(i + 1), at.output_statistics,
             batch.tokens);
}

void run_forward(const TrainingState& state) {
  embed(state);
  prepare_relative(state);
  for (std::size_t i = 0; i < state.layout.layers.size(); ++i)
    run_layer(state, i);
  classify(state);
}

} // namespace sciexam::inline gpu

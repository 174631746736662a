#include "gpu/training/backward.hpp"

#include "gpu/training/forward.hpp"

#include <algorithm>

namespace sciexam::inline gpu {
namespace {

/// From the logits' gradients to that of the last layer's result, which is 0 but for first tokens.
void classify_backward(const TrainingState& state) {
  const TrainingBuffers& at = state.buffers;
  const TrainingBatch& batch = state.batch;
  const LinearPlace &classifier = state.layout.classifier, &pooler = state.layout.pooler;
  const std::int32_t width = state.shape.hidden_size;
  const std::int64_t elements = std::int64_t{batch.sequences} * width;
  state.kernels.classify_gradient(
      {.d_logits = at.d_logits,
       .x = at.pooler_sum,
       .pooled = at.pooled,
       .weight = state.arrays.weight(classifier.weight),
       .dx = at.d_pooled,
       .d_weight = state.arrays.gradient(classifier.weight),
       .d_bias = state.arrays.gradient(classifier.bias),
       .dropout = state.draw(DropoutSite::classifier, 0, elements, state.setup.classifier_dropout)},
      batch.sequences, width, state.shape.pooler_act, state.has_gradients, state.stream);
  state.add_weight_gradient(at.d_pooled, at.first, pooler, batch.sequences, state.has_gradients);
  TrainingProduct first = state.input_gradient(at.d_pooled, pooler, at.d_first, batch.sequences);
  const DeviceDropout dropout = state.draw(DropoutSite::pooler, 0, elements, state.setup.pooler_dropout);
  first.mask = dropout.mask;
  first.kept_scale = dropout.kept_scale;
  state.run(ProductKind::input_gradient, first);
  state.clear(at.d_hidden, 2 * static_cast<std::uint64_t>(batch.tokens) * static_cast<std::uint64_t>(width));
  state.kernels.spread_first(at.d_first, batch.offsets, at.d_hidden, batch.sequences, width, state.stream);
}

/// What the strips' gradients mean for queries or keys `x`, and for the table that they were multiplied with.
void strips_backward(const TrainingState& state, driver::Pointer d_strips, driver::Pointer x, driver::Pointer dx,
                     driver::Pointer table, driver::Pointer d_table) {
  const std::int32_t heads = state.shape.padded_heads(), count = state.shape.num_attention_heads;
  TrainingProduct product{};
  product.x = d_strips;
  product.x_stride = count * state.batch.strip_rows;
  product.x_batch = state.batch.strip_rows;
  product.w_batch = product.y_batch = product.n = state.shape.padded_head;
  product.scale = state.shape.attention_scale;
  product.kept_scale = 1;
  TrainingProduct of_table = product;
  product.w = table;
  product.w_stride = heads;
  product.y = product.residual = dx;
  product.y_stride = 3 * heads;
  product.m = state.batch.tokens;
  product.k = state.batch.strip_rows;
  state.run(ProductKind::input_gradient, product, count);
  of_table.w = x;
  of_table.w_stride = 3 * heads;
  of_table.y = d_table;
  of_table.y_stride = heads;
  of_table.m = state.batch.strip_rows;
  of_table.k = state.batch.tokens;
  state.run(ProductKind::weight_gradient, of_table, count);
}

/// The projections of the table of relative positions, and what they mean for the table.
void tables_backward(const TrainingState& state, std::size_t i) {
  const TrainingBuffers& buffers = state.buffers;
  const LayerActivations& at = buffers.layer(i);
  const LayerPlaces& places = state.layout.layers[i];
  const TrainingBatch& batch = state.batch;
  const bool shared = state.shape.share_att_key; // then they have the gradients of the queries and keys themselves
  const auto project = [&](driver::Pointer d_table, const LinearPlace& projection, driver::Pointer residual) {
    state.add_weight_gradient(d_table, at.relative, projection, batch.table_rows, shared || state.has_gradients);
    TrainingProduct relative = state.input_gradient(d_table, projection, buffers.d_relative, batch.table_rows);
    relative.residual = residual;
    state.run(ProductKind::input_gradient, relative);
  };
  if (state.shape.c2p)
    project(buffers.d_key_table, places.pos_key_proj, 0);
  if (state.shape.p2c)
    project(buffers.d_query_table, places.pos_query_proj, state.shape.c2p ? buffers.d_relative : 0);
  if (state.setup.freeze_relative_embeddings)
    return;
  const std::int64_t elements = std::int64_t{batch.table_rows} * state.shape.hidden_size;
  if (const DeviceDropout dropout =
          state.draw(DropoutSite::relative_embeddings, i, elements, state.setup.hidden_dropout);
      dropout.mask != 0)
    state.kernels.drop(buffers.d_relative, dropout, buffers.d_relative, elements, state.stream);
  const std::int64_t before = std::int64_t{batch.first_row} * state.shape.hidden_size;
  state.kernels.add_halves(buffers.d_relative, buffers.d_relative_sum + 4ULL * static_cast<std::uint64_t>(before),
                           elements, state.stream);
}

/// d_context -> d_query_key_value and the tables' gradients.
void attention_backward(const TrainingState& state, std::size_t i) {
  const TrainingBuffers& buffers = state.buffers;
  const LayerActivations& at = buffers.layer(i);
  const NetworkShape& shape = state.shape;
  const std::int32_t heads = shape.padded_heads();
  if ((shape.c2p || shape.p2c) && !state.setup.recomputes)
    state.make_strips(at);
  TrainingAttention call = state.attention(at);
  const DeviceDropout dropout =
      state.draw(DropoutSite::attention_probabilities, i, static_cast<std::int64_t>(state.batch.probabilities),
                 state.setup.attention_dropout);
  call.mask = dropout.mask;
  call.kept_scale = dropout.kept_scale;
  call.d_context = buffers.d_context;
  call.dots = buffers.dots;
  call.d_q = buffers.d_query_key_value;
  call.d_k = skip_halves(buffers.d_query_key_value, heads);
  call.d_v = skip_halves(buffers.d_query_key_value, 2 * heads);
  call.d_c2p = shape.c2p ? buffers.d_c2p : 0;
  call.d_p2c = shape.p2c ? buffers.d_p2c : 0;
  state.kernels.attention_dots(at.context, buffers.d_context, buffers.dots, state.batch.tokens,
                               shape.num_attention_heads, shape.padded_head, state.stream);
  state.kernels.attention_backward(call, state.batch.blocks, shape.num_attention_heads, shape.padded_head,
                                   state.stream);
  if (shape.c2p)
    strips_backward(state, buffers.d_c2p, call.q, call.d_q, at.key_table, buffers.d_key_table);
  if (shape.p2c)
    strips_backward(state, buffers.d_p2c, call.k, call.d_k, at.query_table, buffers.d_query_table);
}

/// The parts of the table that layers learnt from, through its layer norm.
void relative_backward(const TrainingState& state) {
  const TrainingBuffers& at = state.buffers;
  const std::int32_t rows = state.shape.relative_rows;
  const std::int64_t elements = std::int64_t{rows} * state.shape.hidden_size;
  state.kernels.to_halves(at.d_relative_sum, at.d_relative, elements, state.stream);
  if (state.shape.normalize_relative_embeddings)
    state.norm_gradient(state.arrays.weight(state.layout.relative), at.relative_statistics, state.layout.relative_norm,
                        at.d_relative, at.d_relative, at.d_relative, {}, rows);
  state.kernels.add_halves(at.d_relative, state.arrays.gradient(state.layout.relative), elements, state.stream);
}

void embed_backward(const TrainingState& state) {
  const TrainingBuffers& at = state.buffers;
  const TrainingBatch& batch = state.batch;
  const TrainingLayout& layout = state.layout;
  const std::int64_t elements = std::int64_t{batch.tokens} * state.shape.hidden_size;
  if (const DeviceDropout dropout = state.draw(DropoutSite::embeddings, 0, elements, state.setup.hidden_dropout);
      dropout.mask != 0)
    state.kernels.drop(at.d_hidden, dropout, at.d_hidden, elements, state.stream);
  state.norm_gradient(at.embedded_sum, at.embedded_statistics, layout.embeddings_norm, at.d_hidden, at.d_sum, at.d_sum,
                      {}, batch.tokens);
  driver::Pointer d_embedded = at.d_sum;
  if (at.embedded != 0) {
    state.add_weight_gradient(at.d_sum, at.embedded, layout.embedding_projection, batch.tokens, state.has_gradients,
                              false);
    d_embedded = at.d_inner;
    state.run(ProductKind::input_gradient,
              state.input_gradient(at.d_sum, layout.embedding_projection, d_embedded, batch.tokens));
  }
  const auto add = [&](const LookedUpRows& sorted, std::uint64_t table) {
    state.kernels.add_rows(d_embedded, sorted.order, sorted.starts, sorted.rows, state.arrays.gradient(table),
                           sorted.count, layout.embedding_width, state.stream);
  };
  add(batch.words, layout.words);
  if (state.shape.position_rows > 0)
    add(batch.positions, layout.positions);
  if (state.shape.type_vocab_size > 0)
    add(batch.types, layout.types);
}

/// From buffers.d_hidden, the gradient of the layer's result, to that of its input.
void layer_backward(const TrainingState& state, std::size_t i) {
  const TrainingBuffers& buffers = state.buffers;
  const LayerActivations& at = buffers.layer(i);
  const LayerPlaces& places = state.layout.layers[i];
  const int tokens = state.batch.tokens;
  const std::int64_t elements = std::int64_t{tokens} * state.shape.hidden_size;
  if (state.setup.recomputes)
    run_layer(state, i);
  else // all that a layer does not keep
    state.kernels.pool(at.inner, {}, buffers.activated, std::int64_t{tokens} * state.shape.intermediate_size,
                       DeviceActivation::gelu, state.stream);

  DeviceDropout dropout = state.draw(DropoutSite::layer_output, i, elements, state.setup.hidden_dropout);
  driver::Pointer d_dense = dropout.mask == 0 ? buffers.d_sum : buffers.d_dropped;
  state.norm_gradient(at.output_sum, at.output_statistics, places.output_norm, buffers.d_hidden, buffers.d_sum, d_dense,
                      dropout, tokens);
  state.add_weight_gradient(d_dense, buffers.activated, places.output, tokens, state.has_gradients);
  TrainingProduct inner = state.input_gradient(d_dense, places.output, buffers.d_inner, tokens);
  inner.inner = at.inner;
  state.run(ProductKind::input_gradient, inner);
  state.add_weight_gradient(buffers.d_inner, at.attended, places.intermediate, tokens, state.has_gradients);
  TrainingProduct attended = state.input_gradient(buffers.d_inner, places.intermediate, buffers.d_hidden, tokens);
  attended.residual = buffers.d_sum;
  state.run(ProductKind::input_gradient, attended);

  dropout = state.draw(DropoutSite::attention_output, i, elements, state.setup.hidden_dropout);
  d_dense = dropout.mask == 0 ? buffers.d_sum : buffers.d_dropped;
  state.norm_gradient(at.attended_sum, at.attended_statistics, places.attention_norm, buffers.d_hidden, buffers.d_sum,
                      d_dense, dropout, tokens);
  state.add_weight_gradient(d_dense, at.context, places.attention_output, tokens, state.has_gradients);
  state.run(ProductKind::input_gradient,
            state.input_gradient(d_dense, places.attention_output, buffers.d_context, tokens));
  attention_backward(state, i);
  state.add_weight_gradient(buffers.d_query_key_value, buffers.hidden[i], places.query_key_value, tokens,
                            state.has_gradients);
  if (state.shape.c2p || state.shape.p2c)
    tables_backward(state, i);
  TrainingProduct hidden =
      state.input_gradient(buffers.d_query_key_value, places.query_key_value, buffers.d_hidden, tokens);
  hidden.residual = buffers.d_sum;
  state.run(ProductKind::input_gradient, hidden);
}

} // namespace

void run_backward(const TrainingState& state) {
  const NetworkShape& shape = state.shape;
  const bool relative = (shape.c2p || shape.p2c) && !state.setup.freeze_relative_embeddings;
  classify_backward(state);
  if (relative)
    state.clear(state.buffers.d_relative_sum,
                4 * static_cast<std::uint64_t>(shape.relative_rows) * static_cast<std::uint64_t>(shape.hidden_size));
  const auto frozen = static_cast<std::size_t>(std::max(0, state.setup.frozen_layers));
  for (std::size_t i = state.layout.layers.size(); i-- > frozen;)
    layer_backward(state, i);
  if (relative && frozen < state.layout.layers.size())
    relative_backward(state);
  if (frozen == 0 && !state.setup.freeze_embeddings)
    embed_backward(state);
}

} // namespace sciexam::inline gpu

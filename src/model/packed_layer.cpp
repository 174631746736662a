#include "model/packed_layer.hpp"

#include "checkpoint/relative_position.hpp"
#include "kernels/fused_attention.hpp"
#include "model/attention_options.hpp"
#include "model/network_io.hpp"
#include "model/torch_workers.hpp"
#include "support/clock.hpp"

#include <algorithm>

#include <ATen/ops/empty.h>

namespace sciexam::inline model {
namespace {

const float* floats(const at::Tensor& tensor) {
  return tensor.defined() ? tensor.const_data_ptr<float>() : nullptr;
}

NormWeights weights_of(const LayerNorm& norm) {
  return {floats(norm.weight), floats(norm.bias), static_cast<float>(norm.eps)};
}

/// Workers that skip the remaining tasks once `stop` is true. A task is a chunk of rows, or one head of one sequence.
Workers stoppable(Workers workers, const SharedStop* stop) {
  if (stop == nullptr)
    return workers;
  return {workers.count,
          [run = std::move(workers.run), stop](std::int64_t tasks, const std::function<void(int, std::int64_t)>& task) {
            run(tasks, [&](int worker, std::int64_t i) {
              if (!(*stop)())
                task(worker, i);
            });
          }};
}

} // namespace

PackedLayer::PackedLayer(const DebertaConfig& config, const std::array<StoredWeights, 4>& stored)
    : query_key_value(config.hidden_size, 3 * config.hidden_size, stored[0]),
      attention_output(config.hidden_size, config.hidden_size, stored[1]),
      intermediate(config.hidden_size, config.intermediate_size, stored[2]),
      output(config.intermediate_size, config.hidden_size, stored[3]),
      attention_products(stored[0] == StoredWeights::bf16 || stored[0] == StoredWeights::int8
                             ? AttentionProducts::int16
                             : AttentionProducts::f32) {}

RelativeTables project(const PackedLayer& layer, const RelativeRows& relative, const DebertaConfig& config,
                       Workspace& workspace) {
  if (!config.share_att_key)
    return project(layer.own_relative, relative, config);
  const std::int64_t rows = relative.rows.size(0), size = config.hidden_size;
  const at::Tensor projected = at::empty({rows, 2 * size}, relative.rows.options()); // queries, keys
  dense_part(layer.query_key_value, 2 * size, floats(relative.rows), rows, projected.mutable_data_ptr<float>(),
             torch_workers(), workspace);
  RelativeTables tables;
  if (config.c2p)
    tables.key = projected.narrow(1, size, size).contiguous();
  if (config.p2c)
    tables.query = projected.narrow(1, 0, size).contiguous();
  tables.first_row = relative.first_row;
  return tables;
}

bool can_be_packed(const DebertaConfig& config) {
  return config.hidden_act == "gelu";
}

bool can_have_int8(const DebertaConfig& config) {
  return can_be_packed(config) && std::max(config.hidden_size, config.intermediate_size) <= kMaxInt8Features;
}

at::Tensor run_packed_layer(const PackedPass& pass, const PackedLayer& layer, const RelativeTables& tables,
                            const at::Tensor& hidden, bool first_tokens_only) {
  const auto& [config, offsets, workspace, times, stop] = pass;
  Stopwatch stopwatch;
  const Workers workers = stoppable(torch_workers(), stop);
  const std::int64_t tokens = hidden.size(0), size = hidden.size(1);
  const AttentionOptions options = attention_options(config);
  const std::int64_t qkv_stride = spread_stride(3 * size);
  float* q = workspace.projected.take(tokens * qkv_stride);
  dense_spread(layer.query_key_value, floats(hidden), tokens, q, qkv_stride, workers, workspace);
  times.projections += stopwatch.lap();

  const at::Tensor residual = first_tokens_only ? first_tokens(hidden, offsets) : hidden;
  const std::int64_t rows = residual.size(0);
  at::Tensor result = at::empty({rows, size}, hidden.options());
  auto* context = result.mutable_data_ptr<float>();
  FusedAttention attention;
  attention.q = q;
  attention.k = q + size;
  attention.v = q + 2 * size;
  attention.qkv_stride = qkv_stride;
  attention.heads = options.num_attention_heads;
  attention.head_dim = config.head_dim();
  attention.scale = static_cast<float>(options.scale);
  attention.products = layer.attention_products;
  attention.key_table = floats(tables.key);
  attention.query_table = floats(tables.query);
  attention.table_row = [&](std::int64_t distance) { return relative_row(distance, pass.config) - tables.first_row; };
  attention.offsets = offsets;
  if (first_tokens_only)
    attention.queries = 1;
  attention.context = context;
  fused_attention(attention, workers, workspace);
  times.attention += stopwatch.lap();

  const LayerTail tail{&layer.attention_output, &layer.intermediate, &layer.output, weights_of(layer.attention_norm),
                       weights_of(layer.output_norm)};
  finish_layer(tail, context, floats(residual), rows, context, workers, workspace);
  times.tail += stopwatch.lap();
  return result;
}

} // namespace sciexam::inline model

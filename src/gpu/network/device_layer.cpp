#include "gpu/network/device_layer.hpp"

#include <numbers>

namespace sciexam::inline gpu {
namespace {

/// `count` f16 elements further.
driver::Pointer skip(driver::Pointer address, int count) {
  return address + 2ULL * static_cast<std::uint64_t>(count);
}

/// hidden -> query_key_value.
void project_all(const DeviceOperators& operators, const DeviceLayer& layer, const DeviceLane& lane) {
  const DeviceBuffers& at = lane.buffers;
  operators.kernels().product(operators.linear(at.hidden, layer.query_key_value, at.query_key_value, lane.tokens),
                              lane.stream());
}

/// hidden -> the keys and values of query_key_value; first, first_query.
void project_first_queries(const DeviceOperators& operators, const DeviceLayer& layer, const DeviceLane& lane) {
  const DeviceBuffers& at = lane.buffers;
  const DeviceKernels& kernels = operators.kernels();
  const NetworkShape& shape = operators.shape();
  const int heads = shape.padded_heads();
  Product key_value = operators.linear(at.hidden, layer.query_key_value.part(heads, 2 * heads),
                                       skip(at.query_key_value, heads), lane.tokens);
  key_value.rest = operators.rest(3 * heads);
  key_value.y_stride = 3 * heads + key_value.rest;
  kernels.product(key_value, lane.stream());
  kernels.first_tokens(at.hidden, lane.input(lane.layout.offsets), at.first, lane.sequences,
                       shape.parts() * shape.hidden_size, lane.stream());
  kernels.product(operators.linear(at.first, layer.query_key_value.part(0, heads), at.first_query, lane.sequences),
                  lane.stream());
}

/// query_key_value -> context.
void attend(const LayerContext& context, const DeviceLayer& layer, const DeviceLane& lane, bool first_tokens_only) {
  const DeviceBuffers& at = lane.buffers;
  const NetworkShape& shape = context.operators.shape();
  const int heads = shape.padded_heads();
  Attention attention{};
  attention.q = first_tokens_only ? at.first_query : at.query_key_value;
  attention.q_stride = shape.parts() * (first_tokens_only ? heads : 3 * heads);
  attention.k = skip(at.query_key_value, heads);
  attention.v = skip(at.query_key_value, 2 * heads);
  attention.kv_stride = shape.parts() * 3 * heads;
  attention.key_table = layer.key_table;
  attention.query_table = layer.query_table;
  attention.table_rows = shape.relative_rows;
  attention.row_of_distance = context.row_of_distance;
  attention.blocks = lane.input(first_tokens_only ? lane.layout.first_blocks : lane.layout.blocks);
  attention.offsets = lane.input(lane.layout.offsets);
  attention.first_tokens_only = first_tokens_only;
  attention.scale = shape.attention_scale * std::numbers::log2e_v<float>;
  attention.context = at.context;
  context.operators.kernels().attention(attention, first_tokens_only ? lane.sequences : lane.blocks,
                                        shape.num_attention_heads, shape.padded_head, lane.stream());
}

} // namespace

void forward_layer(const LayerContext& context, const DeviceLayer& layer, const DeviceLane& lane,
                   bool first_tokens_only) {
  const DeviceBuffers& at = lane.buffers;
  const DeviceOperators& operators = context.operators;
  const DeviceKernels& kernels = operators.kernels();
  const int count = first_tokens_only ? lane.sequences : lane.tokens;
  if (first_tokens_only)
    project_first_queries(operators, layer, lane);
  else
    project_all(operators, layer, lane);
  attend(context, layer, lane, first_tokens_only);

  Product attended = operators.linear(at.context, layer.attention_output, at.attended, count);
  attended.residual = first_tokens_only ? at.first : at.hidden;
  kernels.product(attended, lane.stream());
  operators.norm(at.attended, layer.attention_norm, at.attended, count, lane.stream());

  Product inner = operators.linear(at.attended, layer.intermediate, at.inner, count);
  inner.gelu = 1;
  kernels.product(inner, lane.stream());
  Product output = operators.linear(at.inner, layer.output, at.hidden, count);
  output.residual = at.attended;
  kernels.product(output, lane.stream());
  operators.norm(at.hidden, layer.output_norm, at.hidden, count, lane.stream());
}

std::array<Product, 4> products_of(const DeviceOperators& operators, const DeviceLayer& layer, const DeviceBuffers& at,
                                   int rows) {
  return {operators.linear(at.hidden, layer.query_key_value, at.query_key_value, rows),
          operators.linear(at.context, layer.attention_output, at.attended, rows),
          operators.linear(at.hidden, layer.intermediate, at.inner, rows),
          operators.linear(at.inner, layer.output, at.hidden, rows)};
}

} // namespace sciexam::inline gpu

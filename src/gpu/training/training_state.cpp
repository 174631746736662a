#include "gpu/training/training_state.hpp"

#include <numbers>

namespace sciexam::inline gpu {

TrainingStream::TrainingStream(const GpuDevice& device) : device_(device) {
  device.check(device.driver().stream_create(&stream_, driver::kStreamNonBlocking), "making a stream");
}

TrainingStream::~TrainingStream() {
  device_.driver().stream_synchronize(stream_);
  device_.driver().stream_destroy(stream_);
}

TrainingState::TrainingState(const GpuDevice& on, const std::string& ptx, const NetworkShape& network,
                             const TrainingSetup& how, const DeviceLimits& most,
                             std::span<const std::uint16_t> rows_by_distance)
    : device(on), shape(network), setup(how), limits(most), rows(rows_by_distance.begin(), rows_by_distance.end()),
      module(on, ptx), layout(network), memory(on, training_memory(network, how, most).total()),
      arena(memory.address()), arrays(layout, how, arena), buffers(network, how, most, arena),
      batch(on, network, most, rows, arena), stream(on) {
  clear(memory.address(), memory.bytes());
  device.check(device.driver().stream_synchronize(stream), "clearing memory");
}

DeviceDropout TrainingState::draw(DropoutSite site, std::size_t layer, std::int64_t elements,
                                  double probability) const {
  if (!pass || probability <= 0)
    return {};
  const RandomStream words = dropout_stream(pass->seed, pass->step, pass->pass, site, static_cast<std::int64_t>(layer));
  const driver::Pointer bits = site == DropoutSite::attention_probabilities ? buffers.attention_mask : buffers.mask;
  kernels.dropout_mask(bits, static_cast<std::uint64_t>(elements), words.key, words.counter, probability, stream);
  return {bits, static_cast<float>(1 / (1 - probability))};
}

TrainingProduct TrainingState::linear(driver::Pointer x, const LinearPlace& linear, driver::Pointer y,
                                      int row_count) const {
  TrainingProduct product{};
  product.x = x;
  product.w = arrays.half(linear.weight);
  product.bias = arrays.weight(linear.bias);
  product.y = y;
  product.x_stride = product.w_stride = linear.in;
  product.y_stride = linear.out;
  product.m = row_count;
  product.n = linear.out;
  product.k = linear.in;
  product.scale = product.kept_scale = 1;
  return product;
}

TrainingProduct TrainingState::input_gradient(driver::Pointer dy, const LinearPlace& linear, driver::Pointer dx,
                                              int row_count) const {
  TrainingProduct product{};
  product.x = dy;
  product.w = arrays.half(linear.weight);
  product.y = dx;
  product.x_stride = linear.out;
  product.w_stride = product.y_stride = linear.in;
  product.m = row_count;
  product.n = linear.in;
  product.k = linear.out;
  product.scale = product.kept_scale = 1;
  return product;
}

void TrainingState::add_weight_gradient(driver::Pointer dy, driver::Pointer x, const LinearPlace& linear, int row_count,
                                        bool add, bool bias) const {
  TrainingProduct product{};
  product.x = dy;
  product.w = x;
  product.sums = arrays.gradient(linear.weight);
  product.add_to_sums = add ? 1 : 0;
  product.x_stride = linear.out;
  product.w_stride = product.y_stride = linear.in;
  product.m = linear.out;
  product.n = linear.in;
  product.k = row_count;
  product.scale = product.kept_scale = 1;
  run(ProductKind::weight_gradient, product);
  if (bias)
    kernels.sum_columns(dy, buffers.parts, arrays.gradient(linear.bias), row_count, linear.out, linear.out, add,
                        stream);
}

void TrainingState::norm(driver::Pointer x, const NormPlace& norm, driver::Pointer y, driver::Pointer wide,
                         driver::Pointer statistics, int row_count) const {
  kernels.layer_norm(x, arrays.norm(norm), y, wide, statistics, row_count, shape.hidden_size, shape.layer_norm_eps,
                     stream);
}

void TrainingState::norm_gradient(driver::Pointer x, driver::Pointer statistics, const NormPlace& norm,
                                  driver::Pointer dy, driver::Pointer dx, driver::Pointer dropped,
                                  const DeviceDropout& dropout, int row_count) const {
  kernels.sum_norm(dy, x, statistics, buffers.parts, arrays.norm_gradient(norm), row_count, shape.hidden_size,
                   has_gradients, stream);
  kernels.layer_norm_gradient(x, statistics, arrays.weight(norm.weight), dy, dx, dropped == dx ? 0 : dropped, dropout,
                              row_count, shape.hidden_size, stream);
}

void TrainingState::clear(driver::Pointer address, std::uint64_t bytes) const {
  if (bytes > 0)
    device.check(device.driver().memset_d8_async(address, 0, bytes, stream), "clearing memory");
}

driver::Pointer TrainingState::relative_in_reach() const {
  return skip_halves(buffers.normed_relative, std::int64_t{batch.first_row} * shape.hidden_size);
}

TrainingAttention TrainingState::attention(const LayerActivations& layer) const {
  const std::int32_t heads = shape.padded_heads();
  TrainingAttention call{};
  call.q = layer.query_key_value;
  call.k = skip_halves(layer.query_key_value, heads);
  call.v = skip_halves(layer.query_key_value, 2 * heads);
  call.c2p = shape.c2p ? buffers.c2p : 0;
  call.p2c = shape.p2c ? buffers.p2c : 0;
  call.row_of_distance = shape.c2p || shape.p2c ? batch.row_of_distance : 0;
  call.first_distances = batch.first_distances;
  call.blocks = batch.query_blocks;
  call.offsets = batch.offsets;
  call.mask_begins = batch.mask_begins;
  call.context = layer.context;
  call.log_sums = layer.log_sums;
  call.tokens = batch.tokens;
  call.qkv_stride = 3 * heads;
  call.context_stride = heads;
  call.strip_rows = batch.strip_rows;
  call.scale = shape.attention_scale;
  call.kept_scale = 1;
  return call;
}

void TrainingState::make_tables(std::size_t i) const {
  const LayerActivations& at = buffers.layer(i);
  const LayerPlaces& places = layout.layers[i];
  const std::int64_t elements = std::int64_t{batch.table_rows} * shape.hidden_size;
  if (const DeviceDropout dropout = draw(DropoutSite::relative_embeddings, i, elements, setup.hidden_dropout);
      dropout.mask != 0)
    kernels.drop(relative_in_reach(), dropout, at.relative, elements, stream);
  else
    kernels.pool(relative_in_reach(), {}, at.relative, elements, DeviceActivation::linear, stream); // a copy
  const auto project = [&](const LinearPlace& projection, driver::Pointer table) {
    run(ProductKind::forward, linear(at.relative, projection, table, batch.table_rows));
    const std::int64_t width = projection.out; // the rows up to a multiple of 8 are products' factors too
    clear(skip_halves(table, batch.table_rows * width),
          2 * static_cast<std::uint64_t>((batch.strip_rows - batch.table_rows) * width));
  };
  if (shape.c2p)
    project(places.pos_key_proj, at.key_table);
  if (shape.p2c)
    project(places.pos_query_proj, at.query_table);
}

void TrainingState::make_strips(const LayerActivations& at) const {
  const std::int32_t heads = shape.padded_heads(), head = shape.padded_head;
  TrainingProduct strips{};
  strips.x_stride = 3 * heads;
  strips.w_stride = heads;
  strips.y_stride = shape.num_attention_heads * batch.strip_rows;
  strips.x_batch = strips.w_batch = head;
  strips.y_batch = batch.strip_rows;
  strips.m = batch.tokens;
  strips.n = batch.strip_rows;
  strips.k = head;
  strips.scale = shape.attention_scale * std::numbers::log2e_v<float>;
  strips.kept_scale = 1;
  if (shape.c2p) {
    strips.x = at.query_key_value;
    strips.w = at.key_table;
    strips.y = buffers.c2p;
    run(ProductKind::forward, strips, shape.num_attention_heads);
  }
  if (shape.p2c) {
    strips.x = skip_halves(at.query_key_value, heads);
    strips.w = at.query_table;
    strips.y = buffers.p2c;
    run(ProductKind::forward, strips, shape.num_attention_heads);
  }
}

} // namespace sciexam::inline gpu

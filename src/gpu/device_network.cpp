#include "gpu/device_network.hpp"

#include "gpu/device_kernels.hpp"
#include "gpu/device_lane.hpp"
#include "gpu/device_weights.hpp"

#include <algorithm>
#include <array>
#include <numbers>

namespace sciexam {

struct DeviceNetwork::State {
  State(const GpuDevice& on, const std::string& ptx, const NetworkShape& network, const DeviceLimits& most,
        std::span<const std::uint16_t> rows_by_distance)
      : device(on), shape(network), limits(most), kernels(on, ptx), memory(on, memory_needed(network, most)),
        arena(memory.address()),
        weights(network, arena), lanes{DeviceLane(on, network, most, arena), DeviceLane(on, network, most, arena)},
        rows(arena.take(2 * rows_by_distance.size())) {
    const driver::Functions& driver = device.driver();
    const driver::Stream stream = lanes[0].stream();
    device.check(driver.memset_d8_async(memory.address(), 0, memory.bytes(), stream), "clearing memory");
    device.check(driver.stream_synchronize(stream), "clearing memory");
    if (!rows_by_distance.empty())
      device.check(driver.memcpy_htod(rows, rows_by_distance.data(), 2 * rows_by_distance.size()),
                   "copying the table of distances");
  }

  const GpuDevice& device;
  NetworkShape shape;
  DeviceLimits limits;
  DeviceKernels kernels;
  DeviceMemory memory;
  Arena arena;
  DeviceWeights weights;
  std::array<DeviceLane, kInFlight> lanes;
  driver::Pointer rows; ///< u16, by distance from 1 - longest on
  Ticket tickets = 0;

  int hidden() const { return shape.hidden_size; }
  int heads() const { return shape.padded_heads(); }
  /// How much further an element's second part lies in rows of this width; 0: there is none.
  int rest(int width) const { return (shape.parts() - 1) * width; }

  /// y = linear(x) with x [m, in], GELU and residual left out.
  Product product_of(driver::Pointer x, const DeviceLinear& linear, driver::Pointer y, int m) const {
    Product product{};
    product.x = x;
    product.w = linear.weight;
    product.bias = linear.bias;
    product.y = y;
    product.m = m;
    product.n = linear.out;
    product.k = linear.in;
    product.rest = rest(linear.out);
    product.x_stride = linear.in;
    product.y_stride = linear.out + product.rest;
    return product;
  }

  void norm(driver::Pointer x, const DeviceNorm& norm, int count, driver::Stream stream) const {
    kernels.layer_norm(x, norm, x, count, hidden(), rest(hidden()), shape.layer_norm_eps, stream);
  }
  void project_tables() const;
  void tune();
  void embed(const DeviceLane& lane) const;
  void attend(const DeviceLane& lane, const DeviceLayer& layer, bool first_tokens_only) const;
  void run_layer(const DeviceLane& lane, const DeviceLayer& layer, bool first_tokens_only) const;
  void run(const DeviceLane& lane) const;
};

/// The relative tables depend on weights alone.
void DeviceNetwork::State::project_tables() const {
  if (shape.relative_rows == 0)
    return;
  const driver::Stream stream = lanes[0].stream();
  driver::Pointer relative = weights.relative;
  if (shape.normalize_relative_embeddings) {
    relative = weights.normed_relative;
    kernels.layer_norm(weights.relative, weights.relative_norm, relative, shape.relative_rows, hidden(), rest(hidden()),
                       shape.layer_norm_eps, stream);
  }
  for (const DeviceLayer& layer : weights.layers) {
    if (shape.c2p)
      kernels.product(product_of(relative, layer.pos_key_proj, layer.key_table, shape.relative_rows), stream);
    if (shape.p2c)
      kernels.product(product_of(relative, layer.pos_query_proj, layer.query_table, shape.relative_rows), stream);
  }
  device.check(device.driver().stream_synchronize(stream), "projecting the relative tables");
}

/// The four products of a layer, for every number of rows up to the limit, in powers of two.
void DeviceNetwork::State::tune() {
  constexpr int kFewest = 64;
  const DeviceBuffers& at = lanes[0].buffers;
  const DeviceLayer& layer = weights.layers.front();
  for (int rows_now = std::min<int>(kFewest, limits.tokens);; rows_now = std::min<int>(2 * rows_now, limits.tokens)) {
    for (const Product& product : {product_of(at.hidden, layer.query_key_value, at.query_key_value, rows_now),
                                   product_of(at.context, layer.attention_output, at.attended, rows_now),
                                   product_of(at.hidden, layer.intermediate, at.inner, rows_now),
                                   product_of(at.inner, layer.output, at.hidden, rows_now)})
      kernels.tune(product, lanes[0].stream());
    if (rows_now == limits.tokens)
      return;
  }
}

void DeviceNetwork::State::embed(const DeviceLane& lane) const {
  const DeviceBuffers& at = lane.buffers;
  const bool projected = weights.embedding_projection.weight != 0;
  kernels.embed({weights.words, weights.positions, weights.types, lane.input(lane.layout.ids),
                 lane.input(lane.layout.places), lane.input(lane.layout.types)},
                projected ? at.embedded : at.hidden, lane.tokens, padded_embedding(shape),
                rest(padded_embedding(shape)), lane.stream());
  if (projected)
    kernels.product(product_of(at.embedded, weights.embedding_projection, at.hidden, lane.tokens), lane.stream());
  norm(at.hidden, weights.embeddings_norm, lane.tokens, lane.stream());
}

/// hidden -> context.
void DeviceNetwork::State::attend(const DeviceLane& lane, const DeviceLayer& layer, bool first_tokens_only) const {
  const DeviceBuffers& at = lane.buffers;
  const auto skip = [](driver::Pointer row, int count) { return row + 2ULL * static_cast<std::uint64_t>(count); };
  Attention attention{};
  if (first_tokens_only) {
    Product key_value = product_of(at.hidden, layer.query_key_value.part(heads(), 2 * heads()),
                                   skip(at.query_key_value, heads()), lane.tokens);
    key_value.rest = rest(3 * heads());
    key_value.y_stride = 3 * heads() + key_value.rest;
    kernels.product(key_value, lane.stream());
    kernels.first_tokens(at.hidden, lane.input(lane.layout.offsets), at.first, lane.sequences, shape.parts() * hidden(),
                         lane.stream());
    kernels.product(product_of(at.first, layer.query_key_value.part(0, heads()), at.first_query, lane.sequences),
                    lane.stream());
  } else {
    kernels.product(product_of(at.hidden, layer.query_key_value, at.query_key_value, lane.tokens), lane.stream());
  }
  attention.q = first_tokens_only ? at.first_query : at.query_key_value;
  attention.q_stride = shape.parts() * (first_tokens_only ? heads() : 3 * heads());
  attention.k = skip(at.query_key_value, heads());
  attention.v = skip(at.query_key_value, 2 * heads());
  attention.kv_stride = shape.parts() * 3 * heads();
  attention.key_table = layer.key_table;
  attention.query_table = layer.query_table;
  attention.table_rows = shape.relative_rows;
  attention.row_of_distance = shape.relative_rows > 0 ? skip(rows, limits.longest - 1) : 0;
  attention.blocks = lane.input(first_tokens_only ? lane.layout.first_blocks : lane.layout.blocks);
  attention.offsets = lane.input(lane.layout.offsets);
  attention.first_tokens_only = first_tokens_only;
  attention.scale = shape.attention_scale * std::numbers::log2e_v<float>;
  attention.context = at.context;
  kernels.attention(attention, first_tokens_only ? lane.sequences : lane.blocks, shape.num_attention_heads,
                    shape.padded_head, lane.stream());
}

/// hidden -> hidden; with first_tokens_only its rows are the first tokens'.
void DeviceNetwork::State::run_layer(const DeviceLane& lane, const DeviceLayer& layer, bool first_tokens_only) const {
  const DeviceBuffers& at = lane.buffers;
  const int count = first_tokens_only ? lane.sequences : lane.tokens;
  attend(lane, layer, first_tokens_only);
  Product attended = product_of(at.context, layer.attention_output, at.attended, count);
  attended.residual = first_tokens_only ? at.first : at.hidden;
  kernels.product(attended, lane.stream());
  norm(at.attended, layer.attention_norm, count, lane.stream());
  Product inner = product_of(at.attended, layer.intermediate, at.inner, count);
  inner.gelu = 1;
  kernels.product(inner, lane.stream());
  Product output = product_of(at.inner, layer.output, at.hidden, count);
  output.residual = at.attended;
  kernels.product(output, lane.stream());
  norm(at.hidden, layer.output_norm, count, lane.stream());
}

void DeviceNetwork::State::run(const DeviceLane& lane) const {
  embed(lane);
  for (std::size_t i = 0; i < weights.layers.size(); ++i) // the pooler looks at first tokens only
    run_layer(lane, weights.layers[i], i + 1 == weights.layers.size());
  kernels.product(product_of(lane.buffers.hidden, weights.pooler, lane.buffers.first, lane.sequences), lane.stream());
  kernels.classify(lane.buffers.first, weights.classifier, lane.buffers.logits, lane.sequences, rest(hidden()),
                   shape.pooler_act, lane.stream());
}

std::size_t DeviceNetwork::memory_needed(const NetworkShape& shape, const DeviceLimits& limits) {
  Arena arena(0);
  const DeviceWeights weights(shape, arena);
  for (std::size_t i = 0; i < kInFlight; ++i)
    (void)DeviceBuffers(shape, limits, arena);
  arena.take(4ULL * static_cast<std::uint64_t>(limits.longest));
  return arena.used();
}

DeviceNetwork::DeviceNetwork(const GpuDevice& device, const std::string& ptx, const NetworkShape& shape,
                             const DeviceLimits& limits, std::span<const std::uint16_t> rows_by_distance) {
  const std::size_t distances = shape.relative_rows > 0 ? 2 * static_cast<std::size_t>(limits.longest) - 1 : 0;
  if (rows_by_distance.size() != distances)
    throw InternalError("the device was given " + std::to_string(rows_by_distance.size()) + " rows by distance, not " +
                        std::to_string(distances));
  state_ = std::make_unique<State>(device, ptx, shape, limits, rows_by_distance);
}

DeviceNetwork::~DeviceNetwork() = default;

void DeviceNetwork::begin_loading() {
  state_->weights.forget();
}

void DeviceNetwork::load(std::string_view name, std::uint64_t first, Element element,
                         std::span<const std::byte> bytes) {
  state_->weights.load(state_->device, name, first, element, bytes);
}

void DeviceNetwork::finish_loading(bool tune) {
  state_->weights.require_complete();
  state_->weights.forget();
  // A copy may return before its bytes have arrived, and the lanes' streams do not wait for the one that it is in.
  state_->device.check(state_->device.driver().ctx_synchronize(), "copying weights");
  state_->project_tables();
  if (tune)
    state_->tune();
}

DeviceNetwork::Ticket DeviceNetwork::submit(const DeviceBatch& batch) {
  auto& lanes = state_->lanes;
  const auto lane = std::find_if(lanes.begin(), lanes.end(), [](const DeviceLane& one) { return one.ticket == 0; });
  if (lane == lanes.end())
    throw InternalError("a device was given a third batch while two are under way");
  lane->take(batch);
  state_->run(*lane);
  lane->finish();
  return lane->ticket = ++state_->tickets;
}

std::vector<float> DeviceNetwork::wait(Ticket ticket) {
  auto& lanes = state_->lanes;
  const auto lane =
      std::find_if(lanes.begin(), lanes.end(), [&](const DeviceLane& one) { return one.ticket == ticket; });
  if (ticket == 0 || lane == lanes.end())
    throw InternalError("a device was asked for a batch that is not under way");
  lane->ticket = 0;
  return lane->logits();
}

std::string DeviceNetwork::tuning() const {
  return state_->kernels.tuning();
}

} // namespace sciexam

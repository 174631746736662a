#include "gpu/network/device_network.hpp"

#include "gpu/network/device_kernels.hpp"
#include "gpu/network/device_lane.hpp"
#include "gpu/network/device_layer.hpp"
#include "gpu/network/device_operators.hpp"
#include "gpu/network/device_weights.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace sciexam::inline gpu {

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
  DeviceOperators operators{kernels, shape};
  DeviceMemory memory;
  Arena arena;
  DeviceWeights weights;
  std::array<DeviceLane, kBatchesInFlight> lanes;
  driver::Pointer rows; ///< u16, by distance from 1 - longest on
  BatchTicket tickets = 0;

  void project_tables() const;
  void tune();
  void embed(const DeviceLane& lane) const;
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
    operators.norm(weights.relative, weights.relative_norm, relative, shape.relative_rows, stream);
  }
  for (const DeviceLayer& layer : weights.layers) {
    if (shape.c2p)
      kernels.product(operators.linear(relative, layer.pos_key_proj, layer.key_table, shape.relative_rows), stream);
    if (shape.p2c)
      kernels.product(operators.linear(relative, layer.pos_query_proj, layer.query_table, shape.relative_rows), stream);
  }
  device.check(device.driver().stream_synchronize(stream), "projecting the relative tables");
}

/// For every number of rows up to the limit, in powers of two.
void DeviceNetwork::State::tune() {
  constexpr int kFewest = 64;
  for (int rows_now = std::min<int>(kFewest, limits.tokens);; rows_now = std::min<int>(2 * rows_now, limits.tokens)) {
    for (const Product& product : products_of(operators, weights.layers.front(), lanes[0].buffers, rows_now))
      kernels.tune(product, lanes[0].stream());
    if (rows_now == limits.tokens)
      return;
  }
}

void DeviceNetwork::State::embed(const DeviceLane& lane) const {
  const DeviceBuffers& at = lane.buffers;
  const bool projected = weights.embedding_projection.weight != 0;
  const int width = shape.padded_embedding();
  kernels.embed({weights.words, weights.positions, weights.types, lane.input(lane.layout.ids),
                 lane.input(lane.layout.places), lane.input(lane.layout.types)},
                projected ? at.embedded : at.hidden, lane.tokens, width, operators.rest(width), lane.stream());
  if (projected)
    kernels.product(operators.linear(at.embedded, weights.embedding_projection, at.hidden, lane.tokens), lane.stream());
  operators.norm(at.hidden, weights.embeddings_norm, at.hidden, lane.tokens, lane.stream());
}

void DeviceNetwork::State::run(const DeviceLane& lane) const {
  embed(lane);
  const driver::Pointer distance_0 = rows + 2ULL * static_cast<std::uint64_t>(limits.longest - 1);
  const LayerContext context{operators, shape.relative_rows > 0 ? distance_0 : 0};
  for (std::size_t i = 0; i < weights.layers.size(); ++i) // the pooler looks at first tokens only
    forward_layer(context, weights.layers[i], lane, i + 1 == weights.layers.size());
  const DeviceBuffers& at = lane.buffers;
  kernels.product(operators.linear(at.hidden, weights.pooler, at.first, lane.sequences), lane.stream());
  kernels.classify(at.first, weights.classifier, at.logits, lane.sequences, operators.rest(shape.hidden_size),
                   shape.pooler_act, lane.stream());
}

std::size_t DeviceNetwork::memory_needed(const NetworkShape& shape, const DeviceLimits& limits) {
  Arena arena(0);
  const DeviceWeights weights(shape, arena);
  for (std::size_t i = 0; i < kBatchesInFlight; ++i)
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

void DeviceNetwork::load(std::string_view name, std::uint64_t first, DeviceElement element,
                         std::span<const std::byte> bytes) {
  state_->weights.load(state_->device, name, first, element, bytes);
}

void DeviceNetwork::finish_loading(bool tune) {
  state_->weights.require_complete();
  state_->weights.forget();
  // A copy may return before its bytes have arrived, and the lanes' streams do not wait for its stream.
  state_->device.check(state_->device.driver().ctx_synchronize(), "copying weights");
  state_->project_tables();
  if (tune)
    state_->tune();
}

BatchTicket DeviceNetwork::submit(const DeviceBatch& batch) {
  auto& lanes = state_->lanes;
  const auto lane = std::find_if(lanes.begin(), lanes.end(), [](const DeviceLane& one) { return !one.ticket; });
  if (lane == lanes.end())
    throw InternalError("a device was given a third batch while two are in flight");
  lane->take(batch);
  state_->run(*lane);
  lane->finish();
  lane->ticket = ++state_->tickets;
  return *lane->ticket;
}

std::vector<float> DeviceNetwork::wait(BatchTicket ticket) {
  auto& lanes = state_->lanes;
  const auto lane =
      std::find_if(lanes.begin(), lanes.end(), [&](const DeviceLane& one) { return one.ticket == ticket; });
  if (lane == lanes.end())
    throw InternalError("a device was asked for a batch that is not in flight");
  lane->ticket.reset();
  return lane->logits();
}

std::string DeviceNetwork::tuning() const {
  return state_->kernels.tuning();
}

} // namespace sciexam::inline gpu

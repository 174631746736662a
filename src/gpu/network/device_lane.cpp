#include "gpu/network/device_lane.hpp"

#include <algorithm>
#include <numeric>

namespace sciexam::inline gpu {
namespace {

constexpr std::int32_t kQueryBlock = 64; // attention.cuh

std::uint64_t f16_bytes(std::int32_t rows, std::int32_t columns) {
  return 2ULL * static_cast<std::uint64_t>(rows) * static_cast<std::uint64_t>(columns);
}

} // namespace

void require_valid(const DeviceBatch& batch, const NetworkShape& shape, const DeviceLimits& limits) {
  const auto refuse = [](const std::string& what) { throw InternalError("a batch for a device " + what); };
  const std::size_t count = batch.token_ids.size();
  if (batch.offsets.size() < 2 || batch.offsets.front() != 0 || static_cast<std::size_t>(batch.offsets.back()) != count)
    refuse("has offsets that do not span its tokens");
  if (count > static_cast<std::size_t>(limits.tokens) ||
      batch.offsets.size() - 1 > static_cast<std::size_t>(limits.sequences))
    refuse("exceeds the limits that the device keeps room for");
  const std::int32_t longest = shape.position_rows > 0 ? std::min(limits.longest, shape.position_rows) : limits.longest;
  for (std::size_t s = 0; s + 1 < batch.offsets.size(); ++s)
    if (const std::int64_t length = std::int64_t{batch.offsets[s + 1]} - batch.offsets[s];
        length < 1 || length > longest)
      refuse("has a sequence of " + std::to_string(length) + " tokens; it may have 1 to " + std::to_string(longest));
  const auto inside = [](std::span<const std::int32_t> ids, std::int32_t rows) {
    return std::all_of(ids.begin(), ids.end(), [&](std::int32_t id) { return id >= 0 && id < rows; });
  };
  if (!inside(batch.token_ids, shape.vocab_size))
    refuse("has an id outside the vocabulary");
  if (shape.type_vocab_size > 0 &&
      (batch.token_type_ids.size() != count || !inside(batch.token_type_ids, shape.type_vocab_size)))
    refuse("lacks token types, or has one outside their table");
}

BatchInput::BatchInput(const DeviceLimits& limits) {
  const auto take = [&](std::int64_t count) {
    const std::uint64_t at = bytes;
    bytes += (4 * static_cast<std::uint64_t>(count) + 15) / 16 * 16;
    return at;
  };
  ids = take(limits.tokens);
  places = take(limits.tokens);
  types = take(limits.tokens);
  offsets = take(std::int64_t{limits.sequences} + 1);
  blocks = take(2 * (std::int64_t{limits.tokens} / kQueryBlock + limits.sequences)); // a sequence's last may be short
  first_blocks = take(2 * std::int64_t{limits.sequences});
}

DeviceBuffers::DeviceBuffers(const NetworkShape& shape, const DeviceLimits& limits, Arena& arena) {
  const std::int32_t heads = shape.padded_heads();
  const auto rows = [&](std::int32_t count, std::int32_t width) {
    return arena.take(f16_bytes(count, shape.parts() * width));
  };
  input = arena.take(BatchInput(limits).bytes);
  hidden = rows(limits.tokens, shape.hidden_size);
  attended = rows(limits.tokens, shape.hidden_size);
  if (shape.embedding_size != shape.hidden_size)
    embedded = rows(limits.tokens, shape.padded_embedding());
  query_key_value = rows(limits.tokens, 3 * heads);
  context = rows(limits.tokens, heads);
  inner = rows(limits.tokens, shape.intermediate_size);
  first = rows(limits.sequences, shape.hidden_size);
  first_query = rows(limits.sequences, heads);
  logits = arena.take(4ULL * static_cast<std::uint64_t>(limits.sequences));
}

DeviceLane::DeviceLane(const GpuDevice& device, const NetworkShape& shape, const DeviceLimits& limits, Arena& arena)
    : layout(limits), buffers(shape, limits, arena), device_(device), shape_(shape), limits_(limits) {
  const driver::Functions& driver = device.driver();
  void *input = nullptr, *logits = nullptr;
  device.check(driver.stream_create(&stream_, driver::kStreamNonBlocking), "making a stream");
  device.check(driver.event_create(&done_, driver::kEventBlockingSync | driver::kEventDisableTiming),
               "making an event");
  device.check(driver.mem_host_alloc(&input, layout.bytes, 0), "pinning memory");
  host_input_ = static_cast<std::byte*>(input);
  device.check(driver.mem_host_alloc(&logits, 4ULL * static_cast<std::uint64_t>(limits.sequences), 0),
               "pinning memory");
  host_logits_ = static_cast<float*>(logits);
}

DeviceLane::~DeviceLane() {
  const driver::Functions& driver = device_.driver();
  if (stream_ != nullptr) {
    driver.stream_synchronize(stream_);
    driver.stream_destroy(stream_);
  }
  if (done_ != nullptr)
    driver.event_destroy(done_);
  if (host_input_ != nullptr)
    driver.mem_free_host(host_input_);
  if (host_logits_ != nullptr)
    driver.mem_free_host(host_logits_);
}

void DeviceLane::take(const DeviceBatch& batch) {
  require_valid(batch, shape_, limits_);
  tokens = static_cast<int>(batch.token_ids.size());
  sequences = static_cast<int>(batch.offsets.size()) - 1;
  std::copy(batch.token_ids.begin(), batch.token_ids.end(), host(layout.ids));
  if (shape_.type_vocab_size > 0)
    std::copy(batch.token_type_ids.begin(), batch.token_type_ids.end(), host(layout.types));
  std::copy(batch.offsets.begin(), batch.offsets.end(), host(layout.offsets));
  const auto length = [&](int s) {
    return batch.offsets[static_cast<std::size_t>(s) + 1] - batch.offsets[static_cast<std::size_t>(s)];
  };
  std::vector<int> order(static_cast<std::size_t>(sequences));
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](int a, int b) { return length(a) > length(b); });
  std::int32_t *places = host(layout.places), *block = host(layout.blocks), *first = host(layout.first_blocks);
  blocks = 0;
  for (const int s : order) {
    std::iota(places + batch.offsets[static_cast<std::size_t>(s)],
              places + batch.offsets[static_cast<std::size_t>(s) + 1], 0);
    for (std::int32_t query = 0; query < length(s); query += kQueryBlock, ++blocks) {
      *block++ = s;
      *block++ = query;
    }
    *first++ = s;
    *first++ = 0;
  }
  device_.check(device_.driver().memcpy_htod_async(buffers.input, host_input_, layout.bytes, stream_),
                "copying a batch");
}

void DeviceLane::finish() {
  device_.check(device_.driver().memcpy_dtoh_async(host_logits_, buffers.logits,
                                                   4ULL * static_cast<std::uint64_t>(sequences), stream_),
                "copying logits");
  device_.check(device_.driver().event_record(done_, stream_), "recording an event");
}

std::vector<float> DeviceLane::logits() {
  device_.check(device_.driver().event_synchronize(done_), "running a batch");
  return {host_logits_, host_logits_ + sequences};
}

} // namespace sciexam::inline gpu

// The protocol between the program and its helper processes: messages of one size over a socket that keeps their
// boundaries (SOCK_SEQPACKET), answered in order; weights, ids and logits in memory that both have mapped.
#pragma once

#include "gpu/device_batch.hpp"
#include "gpu/device_error.hpp"
#include "gpu/network_shape.hpp"
#include "gpu/training/training_setup.hpp"
#include "support/errors.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <type_traits>

namespace sciexam::inline gpu::protocol {

inline constexpr std::uint32_t kVersion = 2;
inline constexpr int kSocket = 3, kSharedMemory = 4; ///< descriptors of the helper

/// One more than run at a time: when a batch ends the next is ready, and the device never waits for the program.
inline constexpr std::size_t kLanes = kBatchesInFlight + 1;
inline constexpr std::size_t kChunks = 4, kChunkBytes = std::size_t{4} << 20; ///< of weights on the way
inline constexpr DeviceLimits kMost{};

enum class Kind : std::uint32_t {
  ready,          ///< the helper's first word: what it found
  open_network,   ///< shape, limits; the rows by distance lie in SharedMemory
  weights,        ///< elements of the parameter `text`, in chunk `place`
  finish_loading, ///< with or without tuning
  run,            ///< the batch in lane `place`; its logits come there
  // Of a training (training/device_training.hpp); requests with names have them in chunk 0, as TrainingEntry.
  open_training, ///< shape, limits, setup; the rows by distance lie in SharedMemory
  write_array,   ///< elements of `array` of the parameter `text`, f32, in chunk `place`
  read_array,    ///< the same; they come there
  round_weights,
  forward,        ///< the batch in lane 0, with `pass` if `with_dropout`; its logits come there
  backward,       ///< the gradients of its logits lie there
  sum_of_squares, ///< of all gradients, or of the parameter `text`: comes as `value`
  step,           ///< for `count` entries; `value`: the average's decay
  clear_gradients,
  perturb, ///< `count` entries by their names; `value`, `reach`
  restore,
  swap_average, ///< `count` entries by their names
  done,         ///< answers a request
  failed,       ///< answers it too, or comes unasked: `fault` and a text; the helper then ends
};

struct DeviceFacts {
  std::int32_t ordinal = 0, count = 0; ///< of the device, and how many the driver has
  std::int32_t compute_capability = 0; ///< 75, 80, ...
  std::int32_t driver_version = 0;     ///< 12040 for CUDA 12.4
  std::uint64_t free_memory = 0, total_memory = 0;
};

struct Message {
  std::uint32_t version = kVersion;
  Kind kind = Kind::done;
  std::uint64_t number = 0; ///< of the request; its answer has the same
  DeviceFacts facts = {};
  NetworkShape shape = {};
  DeviceLimits limits = {};
  std::uint64_t first = 0, bytes = 0; ///< of weights: the first element, how many bytes
  DeviceElement element = DeviceElement::f32;
  std::uint32_t place = 0, tokens = 0, sequences = 0;
  bool tune = false;
  TrainingSetup setup = {};
  TrainingArray array = TrainingArray::weights;
  TrainingPass pass = {};
  bool with_dropout = false;
  std::uint32_t count = 0;
  double value = 0, reach = 0;
  DeviceFault fault = DeviceFault::device_lost;
  std::array<char, 512> text = {}; ///< a name or a message, zero-terminated
};
static_assert(std::is_trivially_copyable_v<Message>);

/// A parameter, and what its step is.
struct TrainingEntry {
  std::array<char, 128> name = {}; ///< zero-terminated
  DeviceStep step = {};
};
inline constexpr std::size_t kMostEntries = kChunkBytes / sizeof(TrainingEntry);

struct Lane {
  std::array<std::int32_t, kMost.tokens> ids, types;
  std::array<std::int32_t, kMost.sequences + 1> offsets;
  std::array<float, kMost.sequences> logits;
};

/// For a helper: refuses a request that the program cannot have meant.
inline void require(bool holds, const char* what) {
  if (!holds)
    throw InternalError(std::string("a request to a device's helper has ") + what);
}

struct SharedMemory {
  std::array<std::array<std::byte, kChunkBytes>, kChunks> chunks;
  std::array<Lane, kLanes> lanes;
  std::array<std::uint16_t, 2 * kMost.longest - 1> rows;
};

} // namespace sciexam::inline gpu::protocol

// What a device is given: weights by element type, and batches within limits.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace sciexam::inline gpu {

/// The types of weights that a device takes.
enum class DeviceElement : std::uint32_t { f16, f32 };

/// What the device keeps room for.
struct DeviceLimits {
  std::int32_t tokens = 8192;    ///< of one batch
  std::int32_t sequences = 1024; ///< of one batch
  std::int32_t longest = 4096;   ///< tokens of one sequence

  bool operator==(const DeviceLimits&) const = default;
};

/// Borrowed for the duration of submit().
struct DeviceBatch {
  std::span<const std::int32_t> token_ids;      ///< [tokens]
  std::span<const std::int32_t> token_type_ids; ///< [tokens]; may be empty where type_vocab_size is 0
  std::span<const std::int32_t> offsets;        ///< sequence s holds tokens offsets[s] .. offsets[s + 1] - 1
};

/// Batches that a device works on at a time: one runs while the next is copied.
inline constexpr std::size_t kBatchesInFlight = 2;

/// A batch in flight.
using BatchTicket = std::uint64_t;

} // namespace sciexam::inline gpu

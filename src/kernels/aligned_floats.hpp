// Memory for vectors: 64-byte aligned floats.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

namespace sciexam::inline kernels {

/// Uninitialised floats. Large arrays are mappings of their own, in huge pages where the system grants them: weights
/// are read from end to end for every few rows of tokens.
class AlignedFloats {
public:
  AlignedFloats() = default;
  /// Throws std::bad_alloc.
  explicit AlignedFloats(std::int64_t count);
  static AlignedFloats zeros(std::int64_t count);
  AlignedFloats(AlignedFloats&& other) noexcept
      : floats_(std::exchange(other.floats_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}
  AlignedFloats& operator=(AlignedFloats&& other) noexcept {
    std::swap(floats_, other.floats_);
    std::swap(bytes_, other.bytes_);
    return *this;
  }
  AlignedFloats(const AlignedFloats&) = delete;
  AlignedFloats& operator=(const AlignedFloats&) = delete;
  ~AlignedFloats();

  float* data() const noexcept { return floats_; }

private:
  float* floats_ = nullptr;
  std::size_t bytes_ = 0;
};

/// A buffer that is reused: memory is allocated only when more floats are needed than ever before.
class ReusedFloats {
public:
  /// The contents are whatever was left there. Throws std::bad_alloc.
  float* take(std::int64_t count) {
    if (count > count_) {
      floats_ = AlignedFloats(); // freed before the larger ones are allocated
      count_ = 0;
      floats_ = AlignedFloats(count);
      count_ = count;
    }
    return floats_.data();
  }

private:
  AlignedFloats floats_;
  std::int64_t count_ = 0;
};

} // namespace sciexam::inline kernels

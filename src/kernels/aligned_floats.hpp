// Memory for vectors: 64-byte aligned floats.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <new>

namespace sciexam {

/// Uninitialised. Throws std::bad_alloc.
class AlignedFloats {
public:
  AlignedFloats() = default;
  explicit AlignedFloats(std::int64_t count) {
    const std::size_t bytes =
        (static_cast<std::size_t>(count) * sizeof(float) + kAlignment - 1) / kAlignment * kAlignment;
    floats_.reset(static_cast<float*>(std::aligned_alloc(kAlignment, bytes)));
    if (floats_ == nullptr && bytes > 0)
      throw std::bad_alloc();
  }

  float* data() const noexcept { return floats_.get(); }

private:
  static constexpr std::size_t kAlignment = 64;
  struct Free {
    void operator()(float* floats) const noexcept { std::free(floats); } // NOLINT(cppcoreguidelines-no-malloc)
  };
  std::unique_ptr<float, Free> floats_;
};

} // namespace sciexam

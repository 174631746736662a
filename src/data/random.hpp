// Random numbers that are the same on every machine.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace sciexam {

/// SplitMix64: Steele, Lea and Flood, "Fast splittable pseudorandom number generators" (OOPSLA 2014).
class SplitMix64 {
public:
  explicit SplitMix64(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next() {
    std::uint64_t value = state_ += 0x9E3779B97F4A7C15u;
    value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9u;
    value = (value ^ (value >> 27)) * 0x94D049BB133111EBu;
    return value ^ (value >> 31);
  }

  /// Evenly one of 0 .. count - 1; `count` is positive.
  std::size_t below(std::size_t count) {
    const std::uint64_t uneven = (0 - static_cast<std::uint64_t>(count)) % count; // 2^64 mod count
    std::uint64_t value = next();
    while (value < uneven)
      value = next();
    return static_cast<std::size_t>(value % count);
  }

private:
  std::uint64_t state_;
};

/// Fisher and Yates' shuffle, as Knuth has it (The Art of Computer Programming, 3.4.2, algorithm P).
template <typename Value>
void shuffle(std::vector<Value>& values, SplitMix64& random) {
  for (std::size_t count = values.size(); count > 1; --count)
    std::swap(values[count - 1], values[random.below(count)]);
}

} // namespace sciexam

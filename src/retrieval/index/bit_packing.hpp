// A block's 128 numbers of equally many bits, one behind the other: number i takes the bits i * bits .. (i + 1) * bits
// - 1 of a stream whose first bit is the lowest of its first byte. Eight numbers take whole bytes, which is what
// vectors need (search/per_isa/), and any number alone is found without the others.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace sciexam::inline retrieval {

inline constexpr std::size_t kBlockPostings = 128;
inline constexpr int kMostBits = 32;

/// Bytes of 128 such numbers.
constexpr std::size_t packed_bytes(int bits) {
  return kBlockPostings / 8 * static_cast<std::size_t>(bits);
}

/// Appends the lowest `bits` bits of each number.
void pack_bits(std::span<const std::uint32_t, kBlockPostings> numbers, int bits, std::string& out);

/// Number `index` of those packed at `packed`. Reads up to 8 bytes from where it begins: there must be so many.
std::uint32_t unpack_one(const std::byte* packed, int bits, std::size_t index);

} // namespace sciexam::inline retrieval

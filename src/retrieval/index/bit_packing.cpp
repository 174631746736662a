#include "retrieval/index/bit_packing.hpp"

#include "retrieval/index/bytes.hpp"

namespace sciexam::inline retrieval {
namespace {

constexpr std::uint64_t low_bits(int bits) {
  return (std::uint64_t{1} << bits) - 1;
}

} // namespace

void pack_bits(std::span<const std::uint32_t, kBlockPostings> numbers, int bits, std::string& out) {
  std::uint64_t waiting = 0;
  int count = 0; // of bits in `waiting`, below 8 between numbers
  for (const std::uint32_t number : numbers) {
    waiting |= (number & low_bits(bits)) << count;
    for (count += bits; count >= 8; count -= 8, waiting >>= 8)
      out += static_cast<char>(waiting & 0xFF);
  }
}

std::uint32_t unpack_one(const std::byte* packed, int bits, std::size_t index) {
  const std::size_t bit = index * static_cast<std::size_t>(bits);
  return static_cast<std::uint32_t>(load_number<std::uint64_t>(packed + bit / 8) >> bit % 8 & low_bits(bits));
}

} // namespace sciexam::inline retrieval

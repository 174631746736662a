#include "retrieval/index/crc32c.hpp"

#include <cstring>

#include <nmmintrin.h>

namespace sciexam::inline retrieval {

// SSE4.2 is part of x86-64-v3 (support/machine/x86_64_v3.hpp), without which the program does not start its work.
__attribute__((target("sse4.2"))) std::uint32_t crc32c(std::span<const std::byte> bytes, std::uint32_t before) {
  std::uint64_t sum = static_cast<std::uint32_t>(~before);
  for (; bytes.size() >= sizeof sum; bytes = bytes.subspan(sizeof sum)) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data(), sizeof word);
    sum = _mm_crc32_u64(sum, word);
  }
  auto rest = static_cast<std::uint32_t>(sum);
  for (const std::byte byte : bytes)
    rest = _mm_crc32_u8(rest, static_cast<unsigned char>(byte));
  return ~rest;
}

} // namespace sciexam::inline retrieval

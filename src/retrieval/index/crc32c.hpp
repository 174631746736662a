// CRC-32C (Castagnoli's polynomial, as in iSCSI, RFC 3720): the checksum of an index's chunks. It finds every flipped
// bit and every burst of up to 32 bits, and each CPU that sciexam runs on has an instruction for it: a chunk of 16 KiB
// takes 3 microseconds, once. (XXH64 is as fast, but libzstd's copy is not part of its interface.)
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace sciexam::inline retrieval {

/// Of `bytes`; or of all bytes whose beginning has the checksum `before` and whose rest are `bytes`.
std::uint32_t crc32c(std::span<const std::byte> bytes, std::uint32_t before = 0);

} // namespace sciexam::inline retrieval

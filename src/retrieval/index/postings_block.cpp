#include "retrieval/index/postings_block.hpp"

#include "retrieval/index/bytes.hpp"

#include <algorithm>
#include <bit>

namespace sciexam::inline retrieval {
namespace {

using Numbers = std::array<std::uint32_t, kBlockPostings>;
constexpr std::size_t kHeaderBytes = 4;

struct Width {
  int bits = 0;
  std::uint32_t patches = 0; ///< numbers with more bits
};

/// The number of bits with which packed numbers and patches take the fewest bytes; the least of equals.
Width best_width(const Numbers& numbers) {
  std::array<std::uint32_t, kMostBits + 1> of_length = {}; // how many numbers have so many bits
  for (const std::uint32_t number : numbers)
    ++of_length[static_cast<std::size_t>(std::bit_width(number))];
  Width best;
  std::size_t best_bytes = SIZE_MAX;
  for (int bits = kMostBits; bits >= 0; --bits) {
    Width width = {bits, 0};
    std::size_t bytes = packed_bytes(bits);
    for (int length = bits + 1; length <= kMostBits; ++length) {
      const std::uint32_t count = of_length[static_cast<std::size_t>(length)];
      width.patches += count;
      bytes += count * (1 + (static_cast<std::size_t>(length - bits) + 6) / 7);
    }
    if (bytes <= best_bytes) {
      best = width;
      best_bytes = bytes;
    }
  }
  return best;
}

void append_patches(std::string& out, const Numbers& numbers, int bits) {
  if (bits == kMostBits)
    return;
  for (std::size_t i = 0; i < numbers.size(); ++i)
    if (const std::uint32_t high = numbers[i] >> bits; high != 0) {
      out += static_cast<char>(i);
      append_varint(out, high);
    }
}

/// One by one, for the reference.
void unpack_all(const std::byte* packed, int bits, std::span<std::uint32_t, kBlockPostings> numbers) {
  std::array<std::byte, kBlockPostings / 8 * kMostBits + 8> copy = {}; // unpack_one() reads beyond the end
  std::copy_n(packed, packed_bytes(bits), copy.begin());
  for (std::size_t i = 0; i < numbers.size(); ++i)
    numbers[i] = unpack_one(copy.data(), bits, i);
}

} // namespace

BlockSummary load_summary(const std::byte* from) {
  return {load_number<std::uint32_t>(from), load_number<std::uint8_t>(from + 4), load_number<std::uint8_t>(from + 5),
          load_number<std::uint16_t>(from + 6)};
}

void append_summary(std::string& out, const BlockSummary& summary) {
  append_number(out, summary.last_passage);
  append_number(out, summary.most_frequency);
  append_number(out, summary.least_length);
  append_number(out, summary.bytes);
}

void append_block(std::string& out, std::uint32_t before, std::span<const Posting, kBlockPostings> postings) {
  Numbers gaps = {}, frequencies = {};
  for (std::size_t i = 0; i < postings.size(); ++i) {
    gaps[i] = postings[i].passage - before - 1; // unsigned: right for `before` of -1, too
    frequencies[i] = postings[i].frequency - 1;
    before = postings[i].passage;
  }
  const Width gap = best_width(gaps), frequency = best_width(frequencies);
  for (const Width& width : {gap, frequency}) {
    out += static_cast<char>(width.bits);
    out += static_cast<char>(width.patches);
  }
  pack_bits(gaps, gap.bits, out);
  pack_bits(frequencies, frequency.bits, out);
  append_patches(out, gaps, gap.bits);
  append_patches(out, frequencies, frequency.bits);
}

void append_tail(std::string& out, std::uint32_t before, std::span<const Posting> postings) {
  for (const Posting& posting : postings) {
    const std::uint64_t gap = posting.passage - before - 1;
    append_varint(out, 2 * gap + (posting.frequency > 1 ? 1 : 0));
    if (posting.frequency > 1)
      append_varint(out, posting.frequency - 2);
    before = posting.passage;
  }
}

bool read_layout(std::span<const std::byte> block, BlockLayout& layout) {
  if (block.size() < kHeaderBytes)
    return false;
  const auto header = [&](std::size_t i) { return std::to_integer<std::uint32_t>(block[i]); };
  layout.gap_bits = static_cast<int>(header(0));
  layout.gap_patches = header(1);
  layout.frequency_bits = static_cast<int>(header(2));
  layout.frequency_patches = header(3);
  if (layout.gap_bits > kMostBits || layout.frequency_bits > kMostBits || layout.gap_patches > kBlockPostings ||
      layout.frequency_patches > kBlockPostings)
    return false;
  const std::size_t gaps = packed_bytes(layout.gap_bits), frequencies = packed_bytes(layout.frequency_bits);
  if (gaps + frequencies > block.size() - kHeaderBytes)
    return false;
  layout.gaps = block.data() + kHeaderBytes;
  layout.frequencies = layout.gaps + gaps;
  layout.patches = layout.frequencies + frequencies;
  layout.end = block.data() + block.size();
  return true;
}

bool apply_patches(const std::byte*& at, const std::byte* end, std::uint32_t count, int bits,
                   std::span<std::uint32_t, kBlockPostings> numbers) {
  for (; count > 0; --count) {
    if (end - at < 2)
      return false;
    const auto place = std::to_integer<std::size_t>(at[0]);
    auto high = std::to_integer<std::uint64_t>(at[1]);
    at += 2;
    if (high >= 0x80 && !read_varint(--at, end, high)) // most are of one byte
      return false;
    if (place >= numbers.size() || high > (std::uint64_t{UINT32_MAX} >> bits))
      return false;
    numbers[place] |= static_cast<std::uint32_t>(high << bits);
  }
  return true;
}

bool read_block(std::span<const std::byte> block, std::uint32_t before, std::uint32_t last,
                std::span<Posting, kBlockPostings> postings) {
  BlockLayout layout;
  if (!read_layout(block, layout))
    return false;
  Numbers gaps = {}, frequencies = {};
  unpack_all(layout.gaps, layout.gap_bits, gaps);
  unpack_all(layout.frequencies, layout.frequency_bits, frequencies);
  const std::byte* at = layout.patches;
  if (!apply_patches(at, layout.end, layout.gap_patches, layout.gap_bits, gaps) ||
      !apply_patches(at, layout.end, layout.frequency_patches, layout.frequency_bits, frequencies) || at != layout.end)
    return false;
  std::uint64_t next = before + 1U; // the least passage that can follow
  for (std::size_t i = 0; i < postings.size(); ++i) {
    const std::uint64_t passage = next + gaps[i];
    if (passage > last || frequencies[i] >= kMostFrequency)
      return false;
    postings[i] = {static_cast<std::uint32_t>(passage), frequencies[i] + 1};
    next = passage + 1;
  }
  return postings.back().passage == last;
}

bool read_tail(std::span<const std::byte> block, std::uint32_t before, std::uint32_t most,
               std::span<Posting> postings) {
  const std::byte *at = block.data(), *const end = at + block.size();
  std::uint64_t next = before + 1U;
  for (Posting& posting : postings) {
    std::uint64_t gap = 0, more = 0;
    if (!read_varint(at, end, gap))
      return false;
    if ((gap & 1) != 0 && (!read_varint(at, end, more) || more > kMostFrequency - 2))
      return false;
    const std::uint64_t passage = next + (gap >> 1); // no overflow: `gap` has lost a bit
    if (passage > most)
      return false;
    posting = {static_cast<std::uint32_t>(passage), static_cast<std::uint32_t>((gap & 1) + more + 1)};
    next = passage + 1;
  }
  return at == end;
}

} // namespace sciexam::inline retrieval

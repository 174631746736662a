#include "retrieval/text/word_table.hpp"

#include "support/errors.hpp"

#include <bit>
#include <cstring>

namespace sciexam::inline retrieval {
namespace {

/// Eight bytes at a time, each multiplied by an odd constant (2^64 / golden ratio) and folded.
std::uint64_t hash_word(std::string_view word) noexcept {
  constexpr std::uint64_t kFactor = 0x9E3779B97F4A7C15;
  std::uint64_t hash = word.size();
  for (std::size_t i = 0; i < word.size(); i += sizeof hash) {
    std::uint64_t bytes;
    std::memcpy(&bytes, word.data() + i, sizeof bytes);
    hash = (hash ^ bytes) * kFactor;
    hash ^= hash >> 32;
  }
  return hash * kFactor;
}

} // namespace

WordTable::WordTable(std::size_t most_words) : most_words_(most_words) {
  if (most_words > std::size_t{1} << 30)
    throw InternalError("a table of words is too large");
  slots_.assign(std::bit_ceil(2 * most_words + 1), kNone);
}

std::uint32_t WordTable::find(std::string_view word) noexcept {
  hash_ = hash_word(word);
  const std::size_t mask = slots_.size() - 1;
  for (slot_ = (hash_ >> 32) & mask; slots_[slot_] != kNone; slot_ = (slot_ + 1) & mask) {
    const Entry& entry = entries_[slots_[slot_]];
    if (entry.hash == hash_ && entry.word_bytes == word.size() &&
        std::memcmp(texts_.data() + entry.text, word.data(), word.size()) == 0)
      return slots_[slot_];
  }
  return kNone;
}

std::uint32_t WordTable::add(std::string_view word, std::string_view term) {
  constexpr std::size_t kMostTexts = 0xFFFF0000;
  if (entries_.size() == most_words_ || texts_.size() > kMostTexts)
    return kNone;
  const auto number = static_cast<std::uint32_t>(entries_.size());
  entries_.push_back({hash_, static_cast<std::uint32_t>(texts_.size()), static_cast<std::uint8_t>(word.size()),
                      static_cast<std::uint8_t>(term.size())});
  texts_.append(word).append(term);
  slots_[slot_] = number;
  return number;
}

} // namespace sciexam::inline retrieval

// Terms of words that have been seen before.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sciexam::inline retrieval {

/// Words -> terms, up to a number of words; what comes later is not kept, so that numbers stay valid and memory
/// bounded. Some 40 bytes a word.
class WordTable {
public:
  static constexpr std::uint32_t kNone = 0xFFFFFFFF;

  /// Throws InternalError for more than 2^30 words.
  explicit WordTable(std::size_t most_words);

  /// The number of `word`, from 0 in the order of add(), or kNone. `word` is at most 255 bytes long, and seven bytes
  /// behind it can be read and are zero.
  std::uint32_t find(std::string_view word) noexcept;
  /// Adds the word that find() has just looked for and not found, with its term (an empty one for a stop word). The
  /// number, or kNone where the table is full.
  std::uint32_t add(std::string_view word, std::string_view term);

  /// Valid until the next add().
  std::string_view term(std::uint32_t number) const noexcept {
    const Entry& entry = entries_[number];
    return {texts_.data() + entry.text + entry.word_bytes, entry.term_bytes};
  }

private:
  struct Entry {
    std::uint64_t hash;
    std::uint32_t text; ///< offset in texts_ of the word, which its term follows
    std::uint8_t word_bytes, term_bytes;
  };

  std::size_t most_words_;
  std::vector<std::uint32_t> slots_; ///< numbers by hash, with linear probing; a power of two, at most half full
  std::vector<Entry> entries_;
  std::string texts_;
  std::uint64_t hash_ = 0; ///< of the word last looked for, and where it would be
  std::size_t slot_ = 0;
};

} // namespace sciexam::inline retrieval

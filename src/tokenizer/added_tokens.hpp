// Tokens that are found whole in a text, before words are cut into pieces.
#pragma once

#include "tokenizer/piece_trie.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sciexam::inline tokenizer {

/// A token as tokenizer.json's "added_tokens" lists it.
struct AddedToken {
  std::int32_t id = 0;
  std::string content;
  bool single_word = false; ///< not beside a letter, mark, digit or connector
  bool lstrip = false;      ///< takes the white space before it with it
  bool rstrip = false;      ///< takes the white space after it with it
  bool normalized = false;  ///< found in the normalized text by its own normal form, else in the raw text
  bool special = false;

  bool operator==(const AddedToken&) const = default;
};

/// Finds tokens as the tokenizers library does (added_vocabulary.rs): leftmost
/// first, and the longest of those that begin together.
class AddedTokenFinder {
public:
  struct Entry {
    std::string pattern; ///< what is looked for, not empty; of equal ones the first counts
    AddedToken token;
  };
  explicit AddedTokenFinder(std::vector<Entry> entries);

  /// A part of a text: a token, or what lies between tokens (never empty).
  struct Part {
    std::string_view text;
    std::optional<std::int32_t> id;
  };
  /// Calls visit(Part) for each part of the text in order.
  template <typename Visit>
  void for_each_part(std::string_view text, Visit&& visit) const {
    std::size_t done = 0;
    for (std::size_t at = 0; at < text.size();) {
      const Match match = match_at(text, at);
      if (match.entry == nullptr) {
        ++at;
        continue;
      }
      const std::size_t begin = at, end = at + match.length;
      at = end;
      if (!stands_alone(*match.entry, text, begin, end))
        continue;
      const Extent extent = with_white_space(*match.entry, text, {begin, end}, done);
      if (done < extent.begin)
        visit(Part{text.substr(done, extent.begin - done), {}});
      visit(Part{text.substr(begin, match.length), match.entry->token.id});
      done = extent.end;
    }
    if (done < text.size())
      visit(Part{text.substr(done), {}});
  }

private:
  struct Match {
    const Entry* entry = nullptr;
    std::size_t length = 0;
  };
  struct Extent {
    std::size_t begin, end;
  };
  Match match_at(std::string_view text, std::size_t at) const;
  static bool stands_alone(const Entry& entry, std::string_view text, std::size_t begin, std::size_t end);
  static Extent with_white_space(const Entry& entry, std::string_view text, Extent extent, std::size_t done);

  std::vector<Entry> entries_;
  PieceTrie trie_;                       // its ids are indices of entries_
  std::array<bool, 256> may_begin_ = {}; // by first byte
};

} // namespace sciexam::inline tokenizer

// SentencePiece's precompiled character map: which characters are rewritten to what.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sciexam::inline tokenizer {

/// The map that a SentencePiece model carries (NormalizerSpec.precompiled_charsmap;
/// for DeBERTa-v3 the rules "nmt_nfkc"). Its layout, little-endian: the trie's
/// size in bytes (u32), the trie (u32 units of a Darts-clone double array,
/// values are offsets), the replacements (UTF-8, each ended by a NUL byte).
class CharacterMap {
public:
  /// Reads and checks a map; empty bytes are the map that changes nothing.
  /// Throws InputError, naming `file`, if a read could leave the arrays or a
  /// replacement is not UTF-8.
  CharacterMap(std::string_view bytes, const std::filesystem::path& file);

  /// The replacement of the *shortest* key that `text` begins with, or nothing.
  /// That is what Hugging Face's spm_precompiled finds; SentencePiece itself
  /// takes the longest key.
  std::optional<std::string_view> find(std::string_view text) const noexcept;

  bool empty() const noexcept { return trie_.empty(); }
  /// The bytes that the map was read from.
  std::string bytes() const;

  bool operator==(const CharacterMap&) const = default;

private:
  void check(const std::filesystem::path& file) const;

  std::vector<std::uint32_t> trie_;
  std::string replacements_;
};

} // namespace sciexam::inline tokenizer

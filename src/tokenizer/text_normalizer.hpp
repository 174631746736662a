// What happens to a text before it is cut into words and pieces.
#pragma once

#include "tokenizer/character_map.hpp"

#include <string>
#include <string_view>

namespace sciexam {

/// The normalizer that transformers' DebertaV2Converter builds: Strip,
/// Precompiled(charsmap), Replace(" {2,}" -> " ").
class TextNormalizer {
public:
  explicit TextNormalizer(CharacterMap map) : map_(std::move(map)) {}

  /// Strips White_Space from both ends, rewrites characters by the map, then
  /// joins runs of U+0020. `text` must be well-formed UTF-8. The result may
  /// begin or end with a space that the map made, of U+200B for example.
  std::string normalize(std::string_view text) const;

private:
  void append_mapped(std::string_view cluster, std::string& result) const;
  void append_character(std::string_view character, std::string& result) const;

  CharacterMap map_;
};

} // namespace sciexam

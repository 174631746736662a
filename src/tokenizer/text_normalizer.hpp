// What happens to a text before it is cut into words and pieces.
#pragma once

#include "tokenizer/character_map.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace sciexam::inline tokenizer {

/// Removes White_Space from one or both ends.
struct Strip {
  bool left = true, right = true;
  bool operator==(const Strip&) const = default;
};

/// Replaces each occurrence of a text, or of one of the regular expressions that is_known_expression() names.
struct Replace {
  std::string pattern = {};
  bool is_expression = false;
  std::string content = {}; ///< what takes its place
  bool operator==(const Replace&) const = default;
};

/// NFC, or with `compatibility` NFKC.
struct Compose {
  bool compatibility = false;
  bool operator==(const Compose&) const = default;
};

struct LowerCase {
  bool operator==(const LowerCase&) const = default;
};

/// A step of a normalizer. A CharacterMap is the step "Precompiled".
using NormalizerStep = std::variant<Strip, Replace, Compose, LowerCase, CharacterMap>;

/// True for the regular expressions that DeBERTa's tokenizers have, all for runs of white space.
bool is_known_expression(std::string_view pattern);

/// The steps of a tokenizer, one after the other.
class TextNormalizer {
public:
  explicit TextNormalizer(std::vector<NormalizerStep> steps) : steps_(std::move(steps)) {}

  /// `text` must be well-formed UTF-8.
  std::string normalize(std::string_view text) const;

private:
  std::vector<NormalizerStep> steps_;
};

/// What transformers' DebertaV2Converter makes of a SentencePiece model: Strip,
/// Precompiled(map) unless the map is empty, Replace(" {2,}" -> " "). Afterwards a text may begin or
/// end with a space that the map made, from U+200B for example.
std::vector<NormalizerStep> sentencepiece_steps(CharacterMap map);

} // namespace sciexam::inline tokenizer

// All that decides which ids a text gets, whatever file it came from.
#pragma once

#include "tokenizer/added_tokens.hpp"
#include "tokenizer/piece.hpp"
#include "tokenizer/sentencepiece_model.hpp"
#include "tokenizer/text_normalizer.hpp"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sciexam::inline tokenizer {

inline constexpr std::string_view kWordStart = "\u2581"; ///< SentencePiece's mark for a space

/// How normalized text becomes words.
struct PreTokenizer {
  bool split_punctuation = false; ///< each punctuation character stands alone, before the marks are set
  bool prepend = true;            ///< a text that does not begin with a mark gets one
  bool split = true;              ///< each mark begins a word; else all is one word

  bool operator==(const PreTokenizer&) const = default;
};

struct TokenizerDefinition {
  std::vector<Piece> pieces; ///< no text occurs twice
  std::int32_t unknown_id = 0;
  std::vector<NormalizerStep> normalizer;
  PreTokenizer pre_tokenizer;
  std::vector<AddedToken> added_tokens; ///< no content occurs twice
  std::vector<std::string> unused = {}; ///< parts of the file that are set and have no effect here, by name
};

/// The tokenizer that transformers' DebertaV2Converter makes of a SentencePiece model: control and user-defined pieces,
/// [PAD], [CLS], [SEP] and [MASK] are found in the raw text, [UNK] after normalization. [MASK] gets the id
/// after the pieces if it is not one of them. Throws InputError if one of the others is missing.
TokenizerDefinition definition_of(SentencePieceModel model, const std::filesystem::path& file);

/// The id of a token, added or a piece; nothing if there is none of that text.
std::optional<std::int32_t> find_token(const TokenizerDefinition& definition, std::string_view text);

/// What makes two tokenizers give different ids: "the normalizer", "piece 17"...; empty if nothing does.
std::string difference(const TokenizerDefinition& one, const TokenizerDefinition& other);

} // namespace sciexam::inline tokenizer

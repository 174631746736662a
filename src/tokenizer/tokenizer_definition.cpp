#include "tokenizer/tokenizer_definition.hpp"

#include "support/errors.hpp"

#include <algorithm>
#include <array>

namespace sciexam::inline tokenizer {
namespace {

constexpr std::string_view kUnknownToken = "[UNK]", kMaskToken = "[MASK]";

std::optional<std::int32_t> piece_of_text(const std::vector<Piece>& pieces, std::string_view text) {
  const auto piece = std::ranges::find(pieces, text, &Piece::text);
  if (piece == pieces.end())
    return std::nullopt;
  return static_cast<std::int32_t>(piece - pieces.begin());
}

/// By id, without what only says how a token is shown, and without whether a literal [UNK] is looked for before or
/// after normalization: that changed between versions of transformers, and no text has one.
std::vector<AddedToken> in_order(std::vector<AddedToken> tokens) {
  std::ranges::sort(tokens, {}, &AddedToken::id);
  for (AddedToken& token : tokens) {
    token.special = false;
    token.normalized = token.normalized && token.content != kUnknownToken;
  }
  return tokens;
}

std::string pieces_difference(const std::vector<Piece>& one, const std::vector<Piece>& other) {
  if (one.size() != other.size())
    return "the number of pieces";
  for (std::size_t id = 0; id < one.size(); ++id) // Python's and Rust's scores may differ by the last bit of a double
    if (one[id].text != other[id].text || static_cast<float>(one[id].score) != static_cast<float>(other[id].score))
      return "piece " + std::to_string(id);
  return {};
}

} // namespace

TokenizerDefinition definition_of(SentencePieceModel model, const std::filesystem::path& file) {
  TokenizerDefinition definition;
  for (const std::string_view needed : {"[PAD]", "[CLS]", "[SEP]", "[UNK]"}) {
    const auto id = piece_of_text(model.pieces, needed);
    if (!id)
      throw InputError({.file = file}, "the vocabulary has no piece " + std::string(needed),
                       "Give the spm.model of a DeBERTa-v3 checkpoint");
    definition.added_tokens.push_back(
        {.id = *id, .content = std::string(needed), .normalized = needed == kUnknownToken, .special = true});
  }
  for (std::size_t id = 0; id < model.pieces.size(); ++id) {
    const Piece& piece = model.pieces[id];
    if (piece.literal &&
        std::ranges::find(definition.added_tokens, piece.text, &AddedToken::content) == definition.added_tokens.end())
      definition.added_tokens.push_back({.id = static_cast<std::int32_t>(id), .content = piece.text});
  }
  if (std::ranges::find(definition.added_tokens, kMaskToken, &AddedToken::content) == definition.added_tokens.end()) {
    const auto behind = static_cast<std::int32_t>(model.pieces.size());
    definition.added_tokens.push_back({.id = piece_of_text(model.pieces, kMaskToken).value_or(behind),
                                       .content = std::string(kMaskToken),
                                       .special = true});
  }
  definition.normalizer = sentencepiece_steps(CharacterMap(model.character_map, file));
  definition.pieces = std::move(model.pieces);
  definition.unknown_id = model.unknown_id;
  return definition;
}

std::optional<std::int32_t> find_token(const TokenizerDefinition& definition, std::string_view text) {
  const auto added = std::ranges::find(definition.added_tokens, text, &AddedToken::content);
  return added != definition.added_tokens.end() ? added->id : piece_of_text(definition.pieces, text);
}

std::string difference(const TokenizerDefinition& one, const TokenizerDefinition& other) {
  if (one.normalizer != other.normalizer)
    return "the normalizer";
  if (one.pre_tokenizer != other.pre_tokenizer)
    return "the pre-tokenizer";
  if (in_order(one.added_tokens) != in_order(other.added_tokens))
    return "the added tokens";
  if (one.unknown_id != other.unknown_id)
    return "the token for unknown characters";
  return pieces_difference(one.pieces, other.pieces);
}

} // namespace sciexam::inline tokenizer

// A SentencePiece model file (spm.model), read and checked.
#pragma once

#include "tokenizer/piece.hpp"

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace sciexam::inline tokenizer {

/// What DeBERTa's tokenization needs from the file.
struct SentencePieceModel {
  std::vector<Piece> pieces; ///< no text occurs twice
  std::int32_t unknown_id = 0;
  std::string character_map; ///< normalizer_spec.precompiled_charsmap, unread; may be empty
};

/// Parses a serialized sentencepiece::ModelProto. Throws InputError, naming
/// `file`, if the bytes are not one, the model is not a unigram model, or its
/// vocabulary contradicts itself.
SentencePieceModel parse_sentencepiece_model(std::string_view bytes, const std::filesystem::path& file);

} // namespace sciexam::inline tokenizer

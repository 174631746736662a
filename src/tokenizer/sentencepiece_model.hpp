// A SentencePiece model file (spm.model), read and checked.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace sciexam {

/// One piece of the vocabulary; its id is its place in the list.
struct Piece {
  std::string text; ///< UTF-8, not empty; a space is written as U+2581
  float score = 0;  ///< log probability; finite
  /// Control pieces and user-defined ones: only a literal occurrence in the raw text gives them.
  bool literal = false;
};

/// What DeBERTa's tokenization needs of the file.
struct SentencePieceModel {
  std::vector<Piece> pieces; ///< no text occurs twice
  std::int32_t unknown_id = 0;
  std::string character_map; ///< normalizer_spec.precompiled_charsmap, unread; may be empty
};

/// Parses a serialized sentencepiece::ModelProto. Throws InputError, naming
/// `file`, if the bytes are none, the model is no unigram model, or its
/// vocabulary contradicts itself.
SentencePieceModel parse_sentencepiece_model(std::string_view bytes, const std::filesystem::path& file);

} // namespace sciexam

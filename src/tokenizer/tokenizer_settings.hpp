// What the files beside a vocabulary say about a tokenizer.
#pragma once

#include "tokenizer/added_tokens.hpp"
#include "tokenizer/tokenizer_definition.hpp"

#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace sciexam::inline tokenizer {

/// tokenizer_config.json, special_tokens_map.json and added_tokens.json of a checkpoint's folder, as transformers saves
/// them.
struct TokenizerSettings {
  std::filesystem::path folder;
  std::optional<bool> lower_case, split_punctuation;
  bool tokenizers_backend = false; ///< saved by transformers 5: its normalizer is not the SentencePiece model's
  /// Tokens with an id: those of "added_tokens_decoder", else those of added_tokens.json. By id.
  std::vector<AddedToken> tokens;
  /// Special tokens named without an id, and where: all must be among `tokens` or in the vocabulary.
  std::vector<std::pair<std::string, std::string>> names;
  std::vector<std::string> unused; ///< settings of tokenizer_config.json that have no effect here
};

/// Reads whichever of the files are there. Throws InputError for what is damaged, or set and not understood.
TokenizerSettings read_tokenizer_settings(const std::filesystem::path& folder);

/// The tokenizer that transformers 4 makes of a SentencePiece model with these settings. Throws InputError, by name,
/// for tokens that cannot get the ids that they should have.
TokenizerDefinition with_settings(TokenizerDefinition definition, const TokenizerSettings& settings);

/// Throws InputError, by name, if a tokenizer.json lacks what the settings beside it say.
void require_agreement(const TokenizerDefinition& definition, const TokenizerSettings& settings,
                       const std::filesystem::path& file);

} // namespace sciexam::inline tokenizer

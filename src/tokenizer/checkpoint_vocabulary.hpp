// The vocabulary that a checkpoint was trained with, from the files that lie in its folder.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace sciexam::inline tokenizer {

inline constexpr const char* kSentencePieceName = "spm.model";
inline constexpr const char* kTokenizerJsonName = "tokenizer.json";

/// A vocabulary as a package or a trained checkpoint carries it.
struct Vocabulary {
  std::string name;             ///< spm.model or tokenizer.json
  std::string bytes;            ///< the file's; or a tokenizer.json made from a spm.model and the settings beside it
  std::filesystem::path source; ///< the file, for messages
  std::vector<std::string> notes = {}; ///< what was chosen and why, and what has no effect: a line each
};

/// True if spm.model or tokenizer.json lies in the folder.
bool has_vocabulary(const std::filesystem::path& folder);

/// What transformers would read from the folder: tokenizer.json, or spm.model with the settings beside it
/// (tokenizer_config.json, added_tokens.json, special_tokens_map.json). Where both files give the same ids, spm.model.
/// Throws UsageError if neither is there, InputError as parse_tokenizer() does and for settings that contradict it.
Vocabulary read_checkpoint_vocabulary(const std::filesystem::path& folder);

/// The same for a file that was named, whatever else lies beside it; the settings there count. Throws UsageError
/// if it cannot be read.
Vocabulary read_vocabulary(const std::filesystem::path& file);

/// Throws UsageError if the files in a checkpoint's folder say that its model was trained with another tokenizer.
void require_trained_with(const Vocabulary& vocabulary, const std::filesystem::path& folder);

/// The one vocabulary of some checkpoints: the file `given`, or, if that is empty, the one in the first folder that has
/// one. Throws as the functions above do, for every checkpoint also as require_trained_with().
Vocabulary common_vocabulary(const std::filesystem::path& given, std::span<const std::filesystem::path> folders);

} // namespace sciexam::inline tokenizer

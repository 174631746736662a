// A tokenizer's definition from either file that checkpoints carry.
#pragma once

#include "tokenizer/tokenizer_definition.hpp"

#include <filesystem>
#include <string_view>

namespace sciexam::inline tokenizer {

/// Reads spm.model or tokenizer.json, whichever the bytes are. Throws InputError, naming
/// `file` and, in tokenizer.json, the JSON path, for what is damaged or not understood.
TokenizerDefinition parse_tokenizer(std::string_view bytes, const std::filesystem::path& file);

/// True for bytes that are to be read as JSON: a file named *.json, or text that begins with a brace.
bool is_tokenizer_json(std::string_view bytes, const std::filesystem::path& file);

} // namespace sciexam::inline tokenizer

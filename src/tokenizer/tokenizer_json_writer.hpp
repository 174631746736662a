// tokenizer.json from a definition.
#pragma once

#include "tokenizer/tokenizer_definition.hpp"

#include <string>

namespace sciexam::inline tokenizer {

/// The definition as tokenizer.json: what transformers would have saved. parse_tokenizer_json() reads the same from it.
std::string write_tokenizer_json(const TokenizerDefinition& definition);

} // namespace sciexam::inline tokenizer

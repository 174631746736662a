// tokenizer.json, the file of Hugging Face's tokenizers library.
#pragma once

#include "tokenizer/tokenizer_definition.hpp"

#include <filesystem>
#include <string_view>

namespace sciexam::inline tokenizer {

/// Reads a tokenizer of the type Unigram. Supports the normalizers
/// Sequence, Strip, Replace (see is_known_expression), NFC, NFKC, Lowercase and
/// Precompiled; the pre-tokenizers Sequence, Punctuation (isolated) and
/// Metaspace; and the post-processor TemplateProcessing where it is
/// "[CLS] A [SEP]" and "[CLS] A [SEP] B [SEP]". Anything else is
/// refused by name with InputError, as is a file that contradicts itself.
/// Truncation and padding are listed as unused; the decoder plays no part in ids.
TokenizerDefinition parse_tokenizer_json(std::string_view bytes, const std::filesystem::path& file);

} // namespace sciexam::inline tokenizer

// Base64 (RFC 4648, section 4), as JSON files carry bytes.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace sciexam::inline tokenizer {

/// The bytes, or nothing if the text is not base64 with its padding.
std::optional<std::string> decode_base64(std::string_view text);

std::string encode_base64(std::string_view bytes);

} // namespace sciexam::inline tokenizer

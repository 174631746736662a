// Makes UTF-8 of any bytes.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace sciexam::inline retrieval {

/// Appends `bytes` to `text` as UTF-8: each ill-formed sequence becomes one U+FFFD, each NUL a space. Returns how many
/// sequences were replaced.
std::size_t append_clean_utf8(std::string_view bytes, std::string& text);

/// True if it would only copy them.
bool is_clean_utf8(std::string_view bytes) noexcept;

} // namespace sciexam::inline retrieval

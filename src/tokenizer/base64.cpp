#include "tokenizer/base64.hpp"

#include <cstddef>
#include <cstdint>

namespace sciexam::inline tokenizer {
namespace {

constexpr std::string_view kBase64Digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// The six bits of a character, or -1.
int six_bits(char c) {
  const std::size_t digit = kBase64Digits.find(c);
  return digit == std::string_view::npos ? -1 : static_cast<int>(digit);
}

} // namespace

std::optional<std::string> decode_base64(std::string_view text) {
  if (text.size() % 4 != 0)
    return std::nullopt;
  for (int padding = 0; padding < 2 && text.ends_with('='); ++padding)
    text.remove_suffix(1);
  std::string bytes;
  bytes.reserve(text.size() / 4 * 3 + 2);
  std::uint32_t bits = 0;
  int count = 0; // of bits not yet written
  for (const char c : text) {
    const int digit = six_bits(c);
    if (digit < 0)
      return std::nullopt;
    bits = (bits << 6 | static_cast<std::uint32_t>(digit)) & 0xFFFF;
    count += 6;
    if (count < 8)
      continue;
    count -= 8;
    bytes += static_cast<char>(bits >> count & 0xFF);
  }
  const bool left_over = (bits & ((1u << count) - 1)) != 0 || count == 6;
  return left_over ? std::nullopt : std::optional(bytes);
}

std::string encode_base64(std::string_view bytes) {
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t bits = 0;
    for (std::size_t j = 0; j < 3; ++j)
      bits = bits << 8 | (i + j < bytes.size() ? static_cast<unsigned char>(bytes[i + j]) : 0u);
    for (std::size_t j = 0; j < 4; ++j)
      text += i + j <= bytes.size() ? kBase64Digits[bits >> (18 - 6 * j) & 0x3F] : '=';
  }
  return text;
}

} // namespace sciexam::inline tokenizer

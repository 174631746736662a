#include "support/text/numbers.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdarg>
#include <cstdio>
#include <string_view>

namespace sciexam::inline support {
namespace {

constexpr std::string_view kNoNumber = "-";

std::string to_text(double value, std::chars_format format, int decimals) {
  char text[400]; // the largest double has 309 digits in fixed notation
  const auto [end, fault] = std::to_chars(text, text + sizeof text, value, format, decimals);
  return fault == std::errc() ? std::string(text, end) : std::string(kNoNumber);
}

/// Without trailing zeros after the decimal point.
std::string trimmed(std::string text) {
  if (text.find('.') == std::string::npos)
    return text;
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.')
    text.pop_back();
  return text == "-0" ? "0" : text;
}

std::string with_thousands_separated(std::string digits) {
  const std::size_t first = digits.starts_with('-') ? 1 : 0;
  for (std::size_t i = digits.size(); i > first + 3;)
    digits.insert(i -= 3, ",");
  return digits;
}

} // namespace

std::string format_fixed(double value, int decimals) {
  return std::isfinite(value) ? to_text(value, std::chars_format::fixed, decimals) : std::string(kNoNumber);
}

std::string format_scientific(double value, int decimals) {
  if (!std::isfinite(value))
    return std::string(kNoNumber);
  const std::string text = to_text(value, std::chars_format::scientific, decimals);
  const std::size_t e = text.find('e');
  int exponent = 0;
  const char* sign_or_digit = text.data() + e + (text[e + 1] == '+' ? 2 : 1); // from_chars does not accept a plus
  std::from_chars(sign_or_digit, text.data() + text.size(), exponent);
  return trimmed(text.substr(0, e)) + "e" + std::to_string(exponent);
}

std::string format_number(double value) {
  constexpr int kSignificantDigits = 4;
  if (!std::isfinite(value))
    return std::string(kNoNumber);
  const double size = std::abs(value);
  if (size == 0)
    return "0";
  if (size < 1e-3 || size >= 1e9)
    return format_scientific(value, kSignificantDigits - 1);
  if (size >= 999.95)
    return with_thousands_separated(format_fixed(value, 0));
  return trimmed(format_fixed(value, kSignificantDigits - 1 - static_cast<int>(std::floor(std::log10(size)))));
}

std::string format_compact(double value) {
  const double size = std::abs(value);
  if (size >= 1e4 && size < 1e6)
    return format_number(value / 1e3) + "k";
  if (size >= 1e6 && size < 1e9)
    return format_number(value / 1e6) + "M";
  return format_number(value);
}

std::string format_coordinate(double value) {
  return trimmed(format_fixed(value, 1));
}

std::string printed(const char* format, ...) {
  std::va_list arguments, again;
  va_start(arguments, format);
  va_copy(again, arguments);
  const int length = std::vsnprintf(nullptr, 0, format, arguments);
  va_end(arguments);
  std::string text(static_cast<std::size_t>(std::max(0, length)), '\0');
  std::vsnprintf(text.data(), text.size() + 1, format, again); // the string has room for the NUL byte
  va_end(again);
  return text;
}

} // namespace sciexam::inline support

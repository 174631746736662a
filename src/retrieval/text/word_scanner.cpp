#include "retrieval/text/word_scanner.hpp"

#include "support/text/utf8.hpp"

#include <cstring>

#include <utf8proc.h>

namespace sciexam::inline retrieval {

enum class WordScanner::Kind : unsigned char { kOther, kLetter, kDigit, kWide, kSingle };

namespace {

using ByteTable = std::array<unsigned char, 256>;

constexpr unsigned char kOtherByte = 0, kLetterByte = 1, kDigitByte = 2, kWideByte = 3;

constexpr ByteTable make_kinds() {
  ByteTable kinds{};
  for (unsigned byte = 0; byte < kinds.size(); ++byte)
    kinds[byte] = byte >= 0x80                                                   ? kWideByte
                  : byte >= '0' && byte <= '9'                                   ? kDigitByte
                  : (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ? kLetterByte
                                                                                 : kOtherByte;
  return kinds;
}

constexpr ByteTable make_lower_case() {
  ByteTable lower{};
  for (unsigned byte = 0; byte < lower.size(); ++byte)
    lower[byte] = static_cast<unsigned char>(byte >= 'A' && byte <= 'Z' ? byte - 'A' + 'a' : byte);
  return lower;
}

constexpr ByteTable kKinds = make_kinds(), kLowerCase = make_lower_case();

unsigned char kind_of_byte(char byte) {
  return kKinds[static_cast<unsigned char>(byte)];
}

/// Scripts without spaces between words, whose characters mean something alone: kana, Han, Yi (Unicode's blocks from
/// CJK Radicals to Yi Radicals, and the supplementary ideographic planes).
bool stands_alone(char32_t c) {
  return (c >= 0x2E80 && c <= 0xA4CF) || (c >= 0x20000 && c <= 0x3FFFF);
}

} // namespace

void WordScanner::start(std::string_view text) noexcept {
  text_ = text;
  offset_ = 0;
}

/// What the character at `offset` (below the size) is, and its length.
WordScanner::Kind WordScanner::kind_at(std::size_t offset, std::size_t& bytes) const noexcept {
  bytes = 1;
  const unsigned char kind = kind_of_byte(text_[offset]);
  if (kind != kWideByte)
    return static_cast<Kind>(kind);
  const Utf8Character character = decode_utf8(text_, offset);
  if (character.length == 0)
    return Kind::kOther;
  bytes = static_cast<std::size_t>(character.length);
  switch (utf8proc_category(static_cast<utf8proc_int32_t>(character.code_point))) {
  case UTF8PROC_CATEGORY_LU:
  case UTF8PROC_CATEGORY_LL:
  case UTF8PROC_CATEGORY_LT:
  case UTF8PROC_CATEGORY_LM:
  case UTF8PROC_CATEGORY_LO:
    return stands_alone(character.code_point) ? Kind::kSingle : Kind::kLetter;
  case UTF8PROC_CATEGORY_ND:
  case UTF8PROC_CATEGORY_NL:
  case UTF8PROC_CATEGORY_NO:
    return Kind::kDigit;
  default:
    return Kind::kOther;
  }
}

bool WordScanner::is_digit(std::size_t offset) const noexcept {
  return offset < text_.size() && kind_of_byte(text_[offset]) == kDigitByte;
}

bool WordScanner::begins_word(std::size_t offset) const noexcept {
  std::size_t bytes;
  if (offset >= text_.size())
    return false;
  const Kind kind = kind_at(offset, bytes);
  return kind == Kind::kLetter || kind == Kind::kDigit;
}

void WordScanner::append(char byte) noexcept {
  if (length_ == kMostBytes)
    full_ = true;
  if (!full_)
    word_[length_++] = byte;
}

void WordScanner::append_wide(std::size_t bytes) noexcept {
  if (length_ + bytes > kMostBytes)
    full_ = true;
  if (full_)
    return;
  std::memcpy(word_.data() + length_, text_.data() + offset_, bytes);
  length_ += bytes;
}

/// "U.S": the point between single letters goes; "3.14": the one between digits stays.
bool WordScanner::glue_point() noexcept {
  if (last_is_digit_ && is_digit(offset_ + 1)) {
    append('.');
  } else {
    std::size_t bytes;
    const bool initials = run_ == 1 && !has_digit_ && offset_ + 1 < text_.size() &&
                          kind_at(offset_ + 1, bytes) == Kind::kLetter && !begins_word(offset_ + 1 + bytes);
    if (!initials)
      return false;
  }
  run_ = 0;
  ++offset_;
  return true;
}

/// "1,000": one to three digits before the comma, exactly three behind it.
bool WordScanner::glue_comma() noexcept {
  if (has_letter_ || run_ < 1 || run_ > 3 || !is_digit(offset_ + 1) || !is_digit(offset_ + 2) ||
      !is_digit(offset_ + 3) || begins_word(offset_ + 4))
    return false;
  run_ = 0;
  ++offset_;
  return true;
}

/// "10^5", "10^-5", "10^{-5}", "H_2O", "H_{2}O".
bool WordScanner::glue_script(char mark) noexcept {
  std::size_t next = offset_ + 1;
  const bool brace = next < text_.size() && text_[next] == '{';
  next += brace;
  const bool negative = mark == '^' && next < text_.size() && text_[next] == '-' && is_digit(next + 1);
  if (negative)
    append('-');
  else if (mark == '_' && !brace ? !is_digit(next) : !begins_word(next))
    return false;
  in_braces_ = brace;
  offset_ = next + negative;
  return true;
}

/// Takes the mark at offset_, inside a word, into it or out of its way; false if the word ends there.
bool WordScanner::glue() noexcept {
  switch (const char mark = text_[offset_]) {
  case '\'':
    if (last_is_digit_ || !begins_word(offset_ + 1) || is_digit(offset_ + 1))
      return false;
    append(mark);
    ++offset_;
    return true;
  case '.':
    return glue_point();
  case ',':
    return glue_comma();
  case '^':
  case '_':
    return glue_script(mark);
  case '}':
    if (!in_braces_ || !begins_word(offset_ + 1))
      return false;
    in_braces_ = false;
    ++offset_;
    return true;
  default:
    return false;
  }
}

bool WordScanner::next() noexcept {
  length_ = run_ = 0;
  has_digit_ = has_letter_ = last_is_digit_ = full_ = in_braces_ = false;
  while (offset_ < text_.size()) {
    const unsigned char byte = static_cast<unsigned char>(text_[offset_]);
    std::size_t bytes = 1;
    const Kind kind = kind_at(offset_, bytes);
    if (kind == Kind::kSingle && length_ > 0)
      break;
    if (kind == Kind::kOther) {
      if (length_ == 0)
        offset_ += bytes;
      else if (!glue())
        break;
      continue;
    }
    if (bytes == 1)
      append(static_cast<char>(kLowerCase[byte]));
    else
      append_wide(bytes);
    offset_ += bytes;
    ++run_;
    last_is_digit_ = kind == Kind::kDigit;
    has_digit_ |= last_is_digit_;
    has_letter_ |= !last_is_digit_;
    if (kind == Kind::kSingle)
      break;
  }
  std::memset(word_.data() + length_, 0, word_.size() - kMostBytes);
  return length_ > 0;
}

} // namespace sciexam::inline retrieval

// Words, numbers and formulae in a folded text.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

namespace sciexam::inline retrieval {

/// Splits a text as fold() leaves it (or plain ASCII) into words in lower case. A word is a run of letters and digits;
/// so "H2O", "mc2" and "5kg" are words, and "km/h", "x-ray" and "E=mc2" are two each. What holds together beyond that:
/// - an apostrophe between letters: "don't", "o'neil";
/// - a point between digits: "3.14"; a comma that groups thousands goes: "1,000,000" is "1000000";
/// - points between single letters go: "U.S.A." is "usa", "e.g." is "eg";
/// - "^" and its braces go, as does "_" before a digit: "10^5" is "105" and "H_{2}O" "h2o", which is how these read
///   where their markup has been lost. A negative exponent keeps its sign: "10^-5", "10^{-5}" and (folded) "10⁻⁵" are
///   all "10-5";
/// - every Chinese character, kana and the like is a word of its own.
/// Words beyond kMostBytes are cut there, between characters, and so found by the same long word.
class WordScanner {
public:
  static constexpr std::size_t kMostBytes = 64;

  /// `text` must outlive the scanner or the next call.
  void start(std::string_view text) noexcept;

  /// The next word; false after the last one.
  bool next() noexcept;
  /// Valid until the next call; eight zero bytes follow it.
  std::string_view word() const noexcept { return {word_.data(), length_}; }
  /// It has no digit, so that it is worth stemming.
  bool is_letters() const noexcept { return !has_digit_; }

private:
  enum class Kind : unsigned char;

  Kind kind_at(std::size_t offset, std::size_t& bytes) const noexcept;
  bool is_digit(std::size_t offset) const noexcept;
  bool begins_word(std::size_t offset) const noexcept;
  void append(char byte) noexcept;
  void append_wide(std::size_t bytes) noexcept;
  bool glue() noexcept;
  bool glue_point() noexcept;
  bool glue_comma() noexcept;
  bool glue_script(char mark) noexcept;

  std::string_view text_;
  std::size_t offset_ = 0;
  std::array<char, kMostBytes + 8> word_{};
  std::size_t length_ = 0; ///< bytes of the word
  std::size_t run_ = 0;    ///< characters since the word's beginning or its last point or comma
  bool has_digit_ = false, has_letter_ = false, last_is_digit_ = false;
  bool full_ = false;      ///< what follows no longer fits
  bool in_braces_ = false; ///< of "^{" or "_{"
};

} // namespace sciexam::inline retrieval

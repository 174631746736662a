#include "tokenizer/grapheme.hpp"

#include "support/text/utf8.hpp"
#include "tokenizer/code_points.hpp"

#include <cstdint>

#include <utf8proc.h>

namespace sciexam::inline tokenizer {
namespace {

/// Code points that are reserved as ignorable: Grapheme_Cluster_Break=Control.
constexpr CodePointRange kReservedIgnorable[] = {{0x2065, 0x2065},   {0xFFF0, 0xFFF8},   {0xE0000, 0xE0000},
                                                 {0xE0002, 0xE001F}, {0xE0080, 0xE00FF}, {0xE01F0, 0xE0FFF}};

/// Marks of Unicode 16 and 17, which stay with the character before: Extend or SpacingMark.
constexpr CodePointRange kLaterMarks[] = {
    {0x897, 0x897},     {0x1ACF, 0x1ADD},   {0x1AE0, 0x1AEB},   {0x10D69, 0x10D6D}, {0x10EFA, 0x10EFC},
    {0x113B8, 0x113C0}, {0x113C2, 0x113C2}, {0x113C5, 0x113C5}, {0x113C7, 0x113CA}, {0x113CC, 0x113D0},
    {0x113D2, 0x113D2}, {0x113E1, 0x113E2}, {0x11B60, 0x11B67}, {0x11F5A, 0x11F5A}, {0x1611E, 0x1612F},
    {0x1E5EE, 0x1E5EF}, {0x1E6E3, 0x1E6E3}, {0x1E6E6, 0x1E6E6}, {0x1E6EE, 0x1E6EF}, {0x1E6F5, 0x1E6F5}};

/// Indic_Conjunct_Break=Consonant (DerivedCoreProperties.txt).
constexpr CodePointRange kConjunctConsonants[] = {
    {0x915, 0x939}, {0x958, 0x95F}, {0x978, 0x97F}, {0x995, 0x9A8}, {0x9AA, 0x9B0}, {0x9B2, 0x9B2}, {0x9B6, 0x9B9},
    {0x9DC, 0x9DD}, {0x9DF, 0x9DF}, {0x9F0, 0x9F1}, {0xA95, 0xAA8}, {0xAAA, 0xAB0}, {0xAB2, 0xAB3}, {0xAB5, 0xAB9},
    {0xAF9, 0xAF9}, {0xB15, 0xB28}, {0xB2A, 0xB30}, {0xB32, 0xB33}, {0xB35, 0xB39}, {0xB5C, 0xB5D}, {0xB5F, 0xB5F},
    {0xB71, 0xB71}, {0xC15, 0xC28}, {0xC2A, 0xC39}, {0xC58, 0xC5A}, {0xD15, 0xD3A}};

/// Indic_Conjunct_Break=Linker: the viramas.
constexpr CodePointRange kConjunctLinkers[] = {{0x94D, 0x94D}, {0x9CD, 0x9CD}, {0xACD, 0xACD},
                                               {0xB4D, 0xB4D}, {0xC4D, 0xC4D}, {0xD4D, 0xD4D}};

/// A code point of the same Grapheme_Cluster_Break that utf8proc knows.
utf8proc_int32_t stand_in(char32_t c) {
  constexpr utf8proc_int32_t kControl = 0x200B, kExtend = 0x898, kPrepend = 0x600;
  if (is_one_of(kReservedIgnorable, c))
    return kControl;
  if (is_one_of(kLaterMarks, c))
    return kExtend;
  if (c == 0x113D1) // new in Unicode 16
    return kPrepend;
  return static_cast<utf8proc_int32_t>(c);
}

/// Rule GB9c: no break between two consonants that a virama joins.
class ConjunctRule {
public:
  void see(char32_t c) {
    if (is_one_of(kConjunctConsonants, c))
      state_ = State::consonant;
    else if (state_ != State::none && is_one_of(kConjunctLinkers, c))
      state_ = State::linked;
    else if (!may_stand_between(c))
      state_ = State::none;
  }
  bool joins(char32_t next) const { return state_ == State::linked && is_one_of(kConjunctConsonants, next); }

private:
  enum class State : std::uint8_t { none, consonant, linked };

  static bool may_stand_between(char32_t c) {
    constexpr char32_t kZeroWidthNonJoiner = 0x200C;
    const auto break_class = utf8proc_get_property(stand_in(c))->boundclass;
    return c != kZeroWidthNonJoiner &&
           (break_class == UTF8PROC_BOUNDCLASS_EXTEND || break_class == UTF8PROC_BOUNDCLASS_ZWJ);
  }

  State state_ = State::none;
};

bool is_ascii(char byte) {
  return static_cast<unsigned char>(byte) < 0x80;
}

} // namespace

std::size_t grapheme_cluster_length(std::string_view text) {
  // no two ASCII characters but CR LF are one cluster
  if (text.size() == 1 || (is_ascii(text[0]) && is_ascii(text[1]) && text[0] != '\r'))
    return 1;
  Utf8Character last = decode_utf8(text, 0);
  auto end = static_cast<std::size_t>(last.length);
  utf8proc_int32_t state = 0;
  ConjunctRule conjuncts;
  while (end < text.size()) {
    const Utf8Character next = decode_utf8(text, end);
    conjuncts.see(last.code_point);
    if (utf8proc_grapheme_break_stateful(stand_in(last.code_point), stand_in(next.code_point), &state) &&
        !conjuncts.joins(next.code_point))
      break;
    end += static_cast<std::size_t>(next.length);
    last = next;
  }
  return end;
}

} // namespace sciexam::inline tokenizer

#include "tokenizer/grapheme.hpp"

#include "support/text/utf8.hpp"

#include <algorithm>
#include <cstdint>

#include <utf8proc.h>

namespace sciexam {
namespace {

struct Range {
  char32_t first, last;
};

template <std::size_t N>
bool is_one_of(const Range (&ranges)[N], char32_t c) {
  return std::ranges::any_of(ranges, [c](Range range) { return c >= range.first && c <= range.last; });
}

/// Code points that are reserved as ignorable: Grapheme_Cluster_Break=Control.
constexpr Range kReservedIgnorable[] = {{0x2065, 0x2065},   {0xFFF0, 0xFFF8},   {0xE0000, 0xE0000},
                                        {0xE0002, 0xE001F}, {0xE0080, 0xE00FF}, {0xE01F0, 0xE0FFF}};

/// Indic_Conjunct_Break=Consonant (DerivedCoreProperties.txt).
constexpr Range kConjunctConsonants[] = {
    {0x915, 0x939}, {0x958, 0x95F}, {0x978, 0x97F}, {0x995, 0x9A8}, {0x9AA, 0x9B0}, {0x9B2, 0x9B2}, {0x9B6, 0x9B9},
    {0x9DC, 0x9DD}, {0x9DF, 0x9DF}, {0x9F0, 0x9F1}, {0xA95, 0xAA8}, {0xAAA, 0xAB0}, {0xAB2, 0xAB3}, {0xAB5, 0xAB9},
    {0xAF9, 0xAF9}, {0xB15, 0xB28}, {0xB2A, 0xB30}, {0xB32, 0xB33}, {0xB35, 0xB39}, {0xB5C, 0xB5D}, {0xB5F, 0xB5F},
    {0xB71, 0xB71}, {0xC15, 0xC28}, {0xC2A, 0xC39}, {0xC58, 0xC5A}, {0xD15, 0xD3A}};

/// Indic_Conjunct_Break=Linker: the viramas.
constexpr Range kConjunctLinkers[] = {{0x94D, 0x94D}, {0x9CD, 0x9CD}, {0xACD, 0xACD},
                                      {0xB4D, 0xB4D}, {0xC4D, 0xC4D}, {0xD4D, 0xD4D}};

/// A code point of the same Grapheme_Cluster_Break that utf8proc knows.
utf8proc_int32_t stand_in(char32_t c) {
  constexpr utf8proc_int32_t kControl = 0x200B, kExtend = 0x898, kPrepend = 0x600;
  if (is_one_of(kReservedIgnorable, c))
    return kControl;
  if (c == 0x897) // new in Unicode 16, as is the next
    return kExtend;
  if (c == 0x113D1)
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

} // namespace sciexam

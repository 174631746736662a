#include "tokenizer/code_points.hpp"

#include "support/errors.hpp"
#include "support/text/utf8.hpp"

#include <cstdlib>
#include <memory>

#include <utf8proc.h>

namespace sciexam::inline tokenizer {
namespace {

/// Later than Unicode 9: characters that have a combining class, decompose, or take part in a composition.
constexpr CodePointRange kUnknownToForms[] = {
    {0x558, 0x558},     {0x58B, 0x58C},     {0x5C8, 0x5C9},     {0x7FD, 0x7FD},     {0x897, 0x89F},
    {0x8CA, 0x8D3},     {0x9FE, 0x9FE},     {0xC3C, 0xC3C},     {0xD3B, 0xD3C},     {0xEBA, 0xEBA},
    {0x1715, 0x1715},   {0x1ABF, 0x1AF0},   {0x1DF6, 0x1DFA},   {0x209D, 0x209F},   {0x32FF, 0x32FF},
    {0xA7F1, 0xA7F4},   {0xA82C, 0xA82C},   {0xAB69, 0xAB69},   {0x105D2, 0x105D2}, {0x105DA, 0x105DA},
    {0x10781, 0x10785}, {0x10787, 0x107B0}, {0x107B2, 0x107BF}, {0x10D24, 0x10D27}, {0x10D69, 0x10D6D},
    {0x10EAB, 0x10EAC}, {0x10ECB, 0x10ECF}, {0x10EF0, 0x10EFB}, {0x10EFD, 0x10EFF}, {0x10F46, 0x10F50},
    {0x10F82, 0x10F85}, {0x11070, 0x11070}, {0x1133B, 0x1133B}, {0x113B8, 0x113B8}, {0x113BB, 0x113BB},
    {0x113C2, 0x113C2}, {0x113C9, 0x113C9}, {0x113CE, 0x113D0}, {0x1145E, 0x1145E}, {0x11839, 0x1183A},
    {0x11930, 0x11930}, {0x1193D, 0x1193E}, {0x11943, 0x11943}, {0x119E0, 0x119E0}, {0x11A34, 0x11A34},
    {0x11A47, 0x11A47}, {0x11A99, 0x11A99}, {0x11D42, 0x11D42}, {0x11D44, 0x11D45}, {0x11D97, 0x11D97},
    {0x11F41, 0x11F42}, {0x1611E, 0x16120}, {0x16129, 0x16129}, {0x1612F, 0x1612F}, {0x16D67, 0x16D67},
    {0x16FF0, 0x16FF1}, {0x1B123, 0x1B126}, {0x1CCD6, 0x1CCF9}, {0x1D127, 0x1D128}, {0x1D250, 0x1D252},
    {0x1D25B, 0x1D25C}, {0x1D25F, 0x1D25F}, {0x1D280, 0x1D281}, {0x1D6A6, 0x1D6A6}, {0x1DF95, 0x1DF95},
    {0x1DFCD, 0x1DFFF}, {0x1E030, 0x1E06D}, {0x1E08F, 0x1E08F}, {0x1E130, 0x1E136}, {0x1E2AE, 0x1E2AE},
    {0x1E2EC, 0x1E2EF}, {0x1E4EC, 0x1E4EF}, {0x1E5EE, 0x1E5EF}, {0x1E6E3, 0x1E6E3}, {0x1E6E6, 0x1E6E6},
    {0x1E6EE, 0x1E6EF}, {0x1E6F5, 0x1E6F5}, {0x1F16C, 0x1F16C}, {0x1FBF0, 0x1FBF9}};

/// Punctuation that the library's tables do not count as such.
constexpr CodePointRange kLaterPunctuation[] = {
    {0x61D, 0x61D},     {0x9FD, 0x9FD},     {0xA76, 0xA76},     {0xC77, 0xC77},     {0xC84, 0xC84},
    {0x1B4E, 0x1B4F},   {0x1B7D, 0x1B7F},   {0x2E43, 0x2E4F},   {0x2E52, 0x2E5D},   {0x2E60, 0x2E63},
    {0x10D6E, 0x10D6E}, {0x10EAD, 0x10EAD}, {0x10ED0, 0x10ED0}, {0x10F55, 0x10F59}, {0x10F86, 0x10F89},
    {0x113D4, 0x113D5}, {0x113D7, 0x113D8}, {0x1144B, 0x1144F}, {0x1145A, 0x1145B}, {0x1145D, 0x1145D},
    {0x11660, 0x1166C}, {0x116B9, 0x116B9}, {0x1183B, 0x1183B}, {0x11944, 0x11946}, {0x119E2, 0x119E2},
    {0x11A3F, 0x11A46}, {0x11A9A, 0x11A9C}, {0x11A9E, 0x11AA2}, {0x11B00, 0x11B09}, {0x11BE1, 0x11BE1},
    {0x11C41, 0x11C45}, {0x11C70, 0x11C71}, {0x11EF7, 0x11EF8}, {0x11F43, 0x11F4F}, {0x11FFF, 0x11FFF},
    {0x12FF1, 0x12FF2}, {0x16D6D, 0x16D6F}, {0x16E97, 0x16E9A}, {0x16FE2, 0x16FE2}, {0x1E5FF, 0x1E5FF},
    {0x1E95E, 0x1E95F}};

/// Alphabetic (Other_Alphabetic) though of category So: letters in circles and squares.
constexpr CodePointRange kAlphabeticSymbols[] = {
    {0x24B6, 0x24E9}, {0x1F130, 0x1F149}, {0x1F150, 0x1F169}, {0x1F170, 0x1F189}};

/// A capital letter of Unicode 16 or 17, and how far after it its small letter lies.
struct LaterCapitals {
  CodePointRange capitals;
  int offset;
};
constexpr LaterCapitals kLaterCapitals[] = {{{0x1C89, 0x1C89}, 1},      {{0xA7CB, 0xA7CB}, 0x264 - 0xA7CB},
                                            {{0xA7CC, 0xA7CC}, 1},      {{0xA7CE, 0xA7CE}, 1},
                                            {{0xA7D2, 0xA7D2}, 1},      {{0xA7D4, 0xA7D4}, 1},
                                            {{0xA7DA, 0xA7DA}, 1},      {{0xA7DC, 0xA7DC}, 0x19B - 0xA7DC},
                                            {{0x10D50, 0x10D65}, 0x20}, {{0x16EA0, 0x16EB8}, 0x1B}};

char32_t lower_case_of(char32_t c) {
  for (const LaterCapitals& later : kLaterCapitals)
    if (c >= later.capitals.first && c <= later.capitals.last)
      return static_cast<char32_t>(static_cast<int>(c) + later.offset);
  return static_cast<char32_t>(utf8proc_tolower(static_cast<utf8proc_int32_t>(c)));
}

struct FreeMemory {
  void operator()(utf8proc_uint8_t* memory) const noexcept { std::free(memory); }
};

void append_composed(std::string_view text, bool compatibility, std::string& result) {
  if (text.empty())
    return;
  const int options = UTF8PROC_STABLE | UTF8PROC_COMPOSE | (compatibility ? UTF8PROC_COMPAT : 0);
  utf8proc_uint8_t* mapped = nullptr;
  const utf8proc_ssize_t length =
      utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(text.data()), static_cast<utf8proc_ssize_t>(text.size()),
                   &mapped, static_cast<utf8proc_option_t>(options));
  const std::unique_ptr<utf8proc_uint8_t, FreeMemory> owned(mapped);
  if (length < 0)
    throw InternalError(std::string("a text cannot be normalized: ") + utf8proc_errmsg(length));
  result.append(reinterpret_cast<const char*>(mapped), static_cast<std::size_t>(length));
}

/// Composes what lies between characters that the library does not know.
void append_known_parts(std::string_view text, bool compatibility, std::string& result) {
  std::size_t begin = 0;
  for (std::size_t i = 0; i < text.size();) {
    const Utf8Character character = decode_utf8(text, i);
    const auto length = static_cast<std::size_t>(character.length);
    if (is_one_of(kUnknownToForms, character.code_point)) {
      append_composed(text.substr(begin, i - begin), compatibility, result);
      result += text.substr(i, length);
      begin = i + length;
    }
    i += length;
  }
  append_composed(text.substr(begin), compatibility, result);
}

/// No character below U+0300 changes in NFC, and no ASCII character in NFKC.
bool is_composed(std::string_view text, bool compatibility) {
  const unsigned char first_unsafe = compatibility ? 0x80 : 0xCC;
  return std::ranges::none_of(text, [&](char byte) { return static_cast<unsigned char>(byte) >= first_unsafe; });
}

} // namespace

bool is_white_space(char32_t c) {
  return (c >= 0x9 && c <= 0xD) || c == 0x20 || c == 0x85 || c == 0xA0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200A) ||
         c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F || c == 0x3000;
}

bool is_punctuation(char32_t c) {
  if (c < 0x80)
    return c > ' ' && c < 0x7F && !(c >= '0' && c <= '9') && !(c >= 'A' && c <= 'Z') && !(c >= 'a' && c <= 'z');
  if (c == 0x166D || c == 0x111C9) // which later versions classify as symbol and mark
    return true;
  const auto category = utf8proc_category(static_cast<utf8proc_int32_t>(c));
  return category >= UTF8PROC_CATEGORY_PC && category <= UTF8PROC_CATEGORY_PO && !is_one_of(kLaterPunctuation, c);
}

bool is_word_character(char32_t c) {
  constexpr char32_t kZeroWidthNonJoiner = 0x200C, kZeroWidthJoiner = 0x200D;
  const auto category = utf8proc_category(static_cast<utf8proc_int32_t>(c));
  const bool letter_mark_or_number = category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_NL;
  return letter_mark_or_number || category == UTF8PROC_CATEGORY_PC || c == kZeroWidthNonJoiner ||
         c == kZeroWidthJoiner || is_one_of(kAlphabeticSymbols, c);
}

// Word by word, so that the words that need nothing are only copied: no composition crosses a space.
std::string compose(std::string_view text, bool compatibility) {
  std::string result;
  result.reserve(text.size());
  while (!text.empty()) {
    const std::size_t space = text.find(' ');
    const std::string_view word = text.substr(0, space == std::string_view::npos ? space : space + 1);
    if (is_composed(word, compatibility))
      result += word;
    else
      append_known_parts(word, compatibility, result);
    text.remove_prefix(word.size());
  }
  return result;
}

std::string lower_case(std::string_view text) {
  constexpr char32_t kDottedCapitalI = 0x130; // the only one that becomes two characters
  std::string result;
  result.reserve(text.size());
  for (std::size_t i = 0; i < text.size();) {
    const Utf8Character character = decode_utf8(text, i);
    i += static_cast<std::size_t>(character.length);
    if (character.code_point == kDottedCapitalI)
      result += "i\u0307";
    else
      append_utf8(result, lower_case_of(character.code_point));
  }
  return result;
}

} // namespace sciexam::inline tokenizer

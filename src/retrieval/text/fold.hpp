// What differs only in writing becomes the same text: case, accents, ligatures, widths, superscripts.
#pragma once

#include <string>
#include <string_view>

namespace sciexam::inline retrieval {

/// True if every byte is below 128.
bool is_ascii(std::string_view text) noexcept;

/// Replaces `folded` by `text` with every character beyond ASCII in its compatibility decomposition (Unicode's NFKD)
/// and case-folded, without marks and ignorable characters (soft hyphens, joiners): "CO₂" becomes "CO2", "Ångström"
/// "Angstrom", "ß" "ss". ASCII stays as it is, also in case. The result is UTF-8, and the same for canonically
/// equivalent texts (NFC, NFD). Besides:
/// - a typographic apostrophe becomes "'", since both are written;
/// - the minus sign, also as a superscript, becomes "^-": an exponent's sign, unlike a hyphen ("10⁻⁵", "10−5",
/// "10^-5");
/// - a fraction ("½") is kept apart from the digit before it;
/// - dashes and quotation marks become spaces, and so does every byte that is not UTF-8, and the zero-width space.
void fold(std::string_view text, std::string& folded);

} // namespace sciexam::inline retrieval

// Answers that name an option rather than quote it.
#pragma once

#include <optional>
#include <string_view>

namespace sciexam::inline data {

/// What an answer such as "B", "(b)", "Option B", "B) Neutron", "Answer: 2" or "choice_2" names.
struct OptionName {
  std::optional<int> letter = {}; ///< 0 for A, up to 25
  std::optional<int> number = {}; ///< as written; one of the two is set
  bool has_word = false;          ///< "Option", "Answer" or the like stands before it
  std::string_view text = {};     ///< what follows, to be compared with the option's text; usually empty
};

/// Nothing if `answer` has another form, such as "A cat", "A and B" or "3.5".
std::optional<OptionName> parse_option_name(std::string_view answer);

} // namespace sciexam::inline data

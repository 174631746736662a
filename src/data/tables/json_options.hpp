// The options of a question as JSON writes them.
#pragma once

#include "support/text/json.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace sciexam::inline data {

struct OptionList {
  std::vector<std::string> texts;
  std::vector<std::string> labels = {};  ///< one per text, or none at all
  std::optional<std::size_t> right = {}; ///< the one that is marked as right
};

/// The options that `value` holds in one of the forms that json_record.hpp lists; nothing if it has another form, or
/// fewer than two options.
std::optional<OptionList> options_of(const Json& value);

/// The same for texts with scores, one of which is the greatest: BIG-bench's target_scores.
std::optional<OptionList> options_with_scores(const Json& value);

/// A string as it is, a number or truth value as JSON writes it; empty for null, lists and objects.
std::string scalar_text(const Json& value);

} // namespace sciexam::inline data

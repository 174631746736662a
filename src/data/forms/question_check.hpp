// Whether a question can be trained on.
#pragma once

#include "data/forms/records.hpp"

#include <optional>
#include <string>

namespace sciexam {

struct QuestionRules {
  /// Leave out questions of which an option has no text although their file has a column for it. Else they are kept:
  /// the competition's own sets have some, and to the network no text is an option as any other.
  bool drop_empty_options = false;
  /// Leave out questions with fewer than five options, those of files with four columns too. Else the fifth stays
  /// empty: the network learns that it is wrong, which costs a little time and harms nothing.
  bool require_five = false;
};

struct Fault {
  Reason reason;
  std::string detail = {};
};

/// The first fault of `question`, whose file has `option_count` options; nothing if it can be used.
std::optional<Fault> find_fault(const Question& question, int option_count, const QuestionRules& rules);

} // namespace sciexam

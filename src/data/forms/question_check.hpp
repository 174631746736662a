// Whether a question can be trained on.
#pragma once

#include "data/forms/records.hpp"

#include <optional>
#include <string>

namespace sciexam::inline data {

struct QuestionRules {
  /// Leave out questions with an option that has no text although their file has a column for it. Otherwise they are
  /// kept: the competition's own sets have some, and to the network an empty text is an option like any other.
  bool drop_empty_options = false;
  /// Leave out questions with fewer than five options, even if their file has only four columns. Otherwise the fifth
  /// stays empty: the network learns that it is wrong, which costs a little time and does no harm.
  bool require_five = false;
  /// Of more than five options, keep the right one and the first four others. Otherwise such questions are left out.
  bool cut_options = false;
};

struct Fault {
  Reason reason;
  std::string detail = {};
};

/// The first fault of `question`, whose file has `option_count` options; nothing if it can be used.
std::optional<Fault> find_fault(const Question& question, int option_count, const QuestionRules& rules);

} // namespace sciexam::inline data

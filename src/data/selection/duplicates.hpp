// Keeps a question from being trained on twice, and an exam from being trained on at all.
#pragma once

#include "data/forms/records.hpp"
#include "exam/near_duplicates.hpp"

#include <span>
#include <string>
#include <vector>

namespace sciexam {

/// A file that nothing of the training set may resemble.
struct HoldOut {
  std::string path;
  std::vector<Question> questions;
};

struct DuplicateRules {
  double threshold = kNearDuplicate; ///< see exam/near_duplicates.hpp
  bool keep_near_duplicates = false; ///< of each other; those of hold-outs and exact duplicates always go
};

/// Removes, in this order: near-duplicates of a hold-out's questions; all but the first of questions with
/// equal prompt and equal options in any order; each question that is a near-duplicate of an
/// earlier one that stays. Near-duplicates that are kept get the same Record::group. All are listed in `data`.
void drop_duplicates(DataSet& data, std::span<const HoldOut> hold_outs, const DuplicateRules& rules);

} // namespace sciexam

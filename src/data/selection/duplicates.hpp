// Keeps a question from being trained on twice, and an exam from being trained on at all.
#pragma once

#include "data/forms/read_data.hpp"
#include "data/forms/records.hpp"
#include "exam/near_duplicates.hpp"

#include <span>

namespace sciexam::inline data {

struct DuplicateRules {
  double threshold = kNearDuplicate; ///< see exam/near_duplicates.hpp
  bool keep_near_duplicates = false; ///< of each other; those of hold-outs, and exact duplicates, are always removed
};

/// Removes, in this order: near-duplicates of a hold-out's questions; all but the first of questions with
/// equal prompt and equal options in any order; each question that is a near-duplicate of an
/// earlier one that stays. For the last, equal prompts with different options are different questions; for hold-outs
/// and groups an equal prompt is enough, since nothing of an exam may leak. Near-duplicates that are kept get the same
/// Record::group. All are listed in `data`.
void drop_duplicates(DataSet& data, std::span<const HoldOut> hold_outs, const DuplicateRules& rules);

} // namespace sciexam::inline data

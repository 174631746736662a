// The last steps to a training set: ids, places of the right options, folds.
#pragma once

#include "data/forms/records.hpp"

#include <cstdint>

namespace sciexam::inline data {

/// Keeps the questions' ids if all have one and all are unique; otherwise they become FILE-ID, or FILE-ROW where there
/// is no id, with a number appended where that is still not unique.
void assign_ids(DataSet& data);

/// Shuffles every question's options, by `seed` and the question's own text: the rest of the set
/// does not matter. Empty options keep their places.
void shuffle_options(DataSet& data, std::uint64_t seed);

/// Deals the questions to folds 0 .. folds - 1: members of one group to one fold; of each source and right
/// letter, every fold has as many as the others, or one more, as far as groups allow.
/// `folds` is at least 2; throws UsageError if there are fewer groups than folds.
void assign_folds(DataSet& data, int folds, std::uint64_t seed);

} // namespace sciexam::inline data

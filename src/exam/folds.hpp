// Parts of a training set that are held out in turn, near-duplicates together.
#pragma once

#include "exam/near_duplicates.hpp"
#include "exam/question.hpp"
#include "support/random.hpp"

#include <cstddef>
#include <span>
#include <vector>

namespace sciexam::inline exam {

/// For each question, the lowest index among the questions that near-duplicates link it to, directly or through others
/// (EqualPrompts::are_alike); its own if there are none.
std::vector<std::size_t> duplicate_groups(std::span<const Question> questions, double threshold = kNearDuplicate);

/// In which order groups are dealt, and to which fold.
enum class Dealing {
  /// In the order in which shuffled questions first name them, to one fold after another: what `train` does.
  in_turn,
  /// The largest groups first, those of one size shuffled, each to the fold with the fewest questions of its first
  /// question's stratum, and among several such folds to the smallest: what `data` does.
  evenly,
};

/// The fold of each question, 0 to `folds` - 1; questions of one group share it. `groups[i]` is question i's, as
/// duplicate_groups returns it; `strata[i]` its kind, of which every fold gets an equal share (only for `evenly`, else
/// empty). All random numbers come from `stream`.
std::vector<int> deal_folds(std::span<const std::size_t> groups, std::span<const std::size_t> strata, int folds,
                            Dealing dealing, const RandomStream& stream);

} // namespace sciexam::inline exam

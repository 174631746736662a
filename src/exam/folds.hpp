// Parts of a training set that are held out in turn, near-duplicates together.
#pragma once

#include "exam/near_duplicates.hpp"
#include "exam/question.hpp"
#include "support/random.hpp"

#include <cstddef>
#include <span>
#include <vector>

namespace sciexam::inline exam {

/// Of every question, the least index of the questions that hang together with it by near-duplicates
/// (EqualPrompts::are_alike); its own without any.
std::vector<std::size_t> duplicate_groups(std::span<const Question> questions, double threshold = kNearDuplicate);

/// In which order groups are dealt, and to which fold.
enum class Dealing {
  /// In the order in which shuffled questions name them, to one fold after the other: what `train` does.
  in_turn,
  /// Large groups first, equal ones shuffled, each to the fold that has the fewest questions of its first one's
  /// stratum, of several to the one with the fewest in all: what `data` does.
  evenly,
};

/// Of every question, its fold, 0 to `folds` - 1; questions of one group have the same. `groups[i]` is question i's, as
/// duplicate_groups gives it; `strata[i]` its kind, of which every fold gets an equal share (only for `evenly`, else
/// empty). All random numbers come from `stream`.
std::vector<int> deal_folds(std::span<const std::size_t> groups, std::span<const std::size_t> strata, int folds,
                            Dealing dealing, const RandomStream& stream);

} // namespace sciexam::inline exam

// Several lists of hits, of the same index, become one.
#pragma once

#include "retrieval/search/query.hpp"

#include <cstddef>
#include <span>
#include <string_view>

namespace sciexam::inline retrieval {

/// best: a passage's best score; sum: of its scores; reciprocal_rank: the sum of 1 / (60 + rank), ranks from 1
/// (Cormack, Clarke and Buettcher 2009).
enum class Fusion { best, sum, reciprocal_rank };

/// "best", "sum" or "reciprocal-rank".
std::string_view name_of(Fusion fusion);

inline constexpr double kReciprocalRankOffset = 60;

/// The best k of what the lists have; of equal scores the lower passage first.
Hits fuse(std::span<const Hits> lists, Fusion fusion, std::size_t k);

} // namespace sciexam::inline retrieval

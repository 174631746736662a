// What was found in the data, as a few lines of text and as the counts that the page draws.
#pragma once

#include "data/forms/records.hpp"

#include <cstddef>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace sciexam::inline data {

/// A table of the files, and what was left out of them, in lines for a terminal.
std::string data_summary(const DataSet& data);

/// How many questions were left out for each reason that occurred, in the order of Reason.
std::vector<std::pair<Reason, std::size_t>> rejections_by_reason(const DataSet& data);

/// How many of the values fall into each of at most 25 ranges of equal, round width, such as {"40-59", 7}. If a few
/// values lie far above the others, the last range takes them all.
std::vector<std::pair<std::string, double>> histogram(std::span<const std::size_t> values);

} // namespace sciexam::inline data

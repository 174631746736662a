// What was found in the data, as an HTML page.
#pragma once

#include "data/forms/records.hpp"
#include "data/selection/lengths.hpp"

#include <cstddef>
#include <string>

namespace sciexam::inline data {

/// The most rows of the page's long tables; the rest is counted.
inline constexpr std::size_t kReportRows = 200;

/// A page: files and sources, lengths, answers, what was cleaned, what was left out and why, near-duplicates.
std::string data_page(const DataSet& data, const LengthMeasure& lengths);

} // namespace sciexam::inline data

// The page about an index, from the index itself: the same whether it was built in one go or in many.
#pragma once

#include "retrieval/index/passage_index.hpp"

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace sciexam::inline retrieval {

/// Bars of a histogram of lengths: `counts[length]` passages have so many terms. At most kLengthBars, of equal width
/// but for the last, which has all that are longer.
std::vector<std::pair<std::string, double>> length_histogram(const std::vector<std::uint64_t>& counts);
inline constexpr std::size_t kLengthBars = 25;

/// Writes the page. `building`: names and values that the index does not know, such as how long it took; may be empty.
/// Throws WorkError, PackageError for a damaged index.
void write_index_page(const std::filesystem::path& file, const PassageIndex& index,
                      const std::vector<std::pair<std::string, std::string>>& building);

} // namespace sciexam::inline retrieval

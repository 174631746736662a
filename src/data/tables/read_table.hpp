// Question sets in any kind of file.
#pragma once

#include "data/tables/table.hpp"

#include <filesystem>

namespace sciexam::inline data {

/// Reads JSON and JSON lines with json_table.hpp, everything else as CSV with csv_table.hpp. Throws what they do.
Table read_table(const std::filesystem::path& path);

} // namespace sciexam::inline data

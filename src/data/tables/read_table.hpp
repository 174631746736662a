// A question set of whatever kind of file.
#pragma once

#include "data/tables/table.hpp"

#include <filesystem>

namespace sciexam {

/// Reads JSON and JSON lines (json_table.hpp), else CSV (csv_table.hpp). Throws what they do.
Table read_table(const std::filesystem::path& path);

} // namespace sciexam

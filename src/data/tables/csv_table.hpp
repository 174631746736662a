// Question sets as CSV files, with commas, tabs, semicolons or pipes between the cells.
#pragma once

#include "data/tables/table.hpp"

#include <filesystem>

namespace sciexam::inline data {

/// Reads the file with the separator that is most frequent in its first line. CSV is read as strictly as everywhere
/// (exam/csv.hpp), with three exceptions: a row with a different number of cells from the header gets a fault and
/// reading continues; cells beyond the header that are empty, and empty lines, do not matter; and where quotes do not
/// pair in a file with tabs or pipes, they are characters like any other. Throws what CsvReader does.
Table read_csv_table(const std::filesystem::path& path);

/// The separator of a file that begins with `text`: the most frequent of comma, tab, semicolon and pipe in the
/// first line outside double quotes; among equals, the first in this order.
char find_separator(std::string_view text);

} // namespace sciexam::inline data

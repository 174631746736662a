// Question sets as CSV files, with commas, tabs, semicolons or pipes between the cells.
#pragma once

#include "data/tables/table.hpp"

#include <filesystem>

namespace sciexam::inline data {

/// Reads the file with the separator that is most frequent in its first line. CSV is read as strictly as everywhere
/// (exam/csv.hpp), with three exceptions: a row with another number of cells than the header gets a fault and the file
/// is read on; cells beyond the header that are empty, and empty lines, do not matter; and where quotes do not pair in
/// a file with tabs or pipes, they are characters as any other. Throws what CsvReader does.
Table read_csv_table(const std::filesystem::path& path);

/// The separator of a file that begins with `text`: of comma, tab, semicolon and pipe the one that is most often in
/// the first line outside double quotes; of several the first of these.
char find_separator(std::string_view text);

} // namespace sciexam::inline data

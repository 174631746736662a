// A question set as rows of cells under named columns, independent of the kind of file.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace sciexam::inline data {

struct TableCell {
  std::size_t column; ///< index into Table::names
  std::string text;
};

struct TableRow {
  /// In the file, from 1. CSV: as in a spreadsheet, where the header is row 1. JSON lines: the line. Other JSON: the
  /// record.
  std::size_t row = 0;
  std::vector<TableCell> cells = {}; ///< sorted by column, each column at most once; CSV rows have all of them
  std::string fault = {};            ///< what is wrong with the row as a whole; empty: nothing

  /// The cell of `column`, or nullptr.
  const std::string* find(std::size_t column) const;
};

struct Table {
  std::filesystem::path file;
  std::string form;        ///< of the file where it is not plain CSV, e.g. "JSON lines"
  bool has_header = false; ///< row 1 of the file names the columns
  std::vector<std::string> names = {};
  std::vector<TableRow> rows = {};

  /// Throws InputError about the column (its name, or its number if that is empty), in the header row if there is one.
  [[noreturn]] void fail(std::size_t column, const std::string& problem, const std::string& remedy) const;
  /// The same about the columns as a whole.
  [[noreturn]] void fail(const std::string& problem, const std::string& remedy) const;
};

/// A column's name as names are compared: ASCII letters in lower case, digits, and bytes beyond ASCII; so that
/// "Correct Answer", "correct_answer" and "correctAnswer" are one name, and "(A)" is "a".
std::string plain_name(std::string_view name);

} // namespace sciexam::inline data

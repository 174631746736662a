// CSV files as RFC 4180 defines them, in UTF-8: reading row by row, and writing cells.
#pragma once

#include "exam/csv_form.hpp"
#include "support/files/file_kind.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <istream>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sciexam::inline exam {

/// How a file may differ from the competition's.
struct CsvRules {
  char separator = ',';        ///< between cells
  bool quotes = true;          ///< false: double quotes are ordinary characters
  bool any_cell_count = false; ///< rows may have any number of cells, and empty lines are skipped
};

/// Reads a CSV file row by row, in blocks: only one block and the current row are in memory. The first row is the
/// header; every other row must have as many cells. A byte order mark and a line "sep=,", as Excel writes it, are
/// skipped. Rows end with LF or CRLF, or, throughout the file, with CR alone; the last row may have no line end, and
/// empty lines after it are ignored. Inside quotes every line end is kept as it is.
class CsvReader {
public:
  static constexpr std::size_t kMaxCellBytes = std::size_t{16} << 20;
  static constexpr std::size_t kMaxColumns = 4096;

  /// Throws UsageError if the file cannot be opened.
  explicit CsvReader(std::filesystem::path file, CsvRules rules = {});
  /// The same over text from elsewhere; `name` is the file that messages name.
  CsvReader(std::unique_ptr<std::istream> text, std::filesystem::path name, CsvRules rules = {});

  /// Reads the next row, the header first, into `cells`; returns false and clears `cells` after the last one. Throws
  /// InputError with file, row and column for: an empty file, one that is not CSV at all (find_file_kind) or has other
  /// separators between its cells, an unterminated quote (at the row where it begins), text after a closing quote, a
  /// quote or a lone carriage return in an unquoted cell, invalid UTF-8, a NUL byte, an empty line between rows, a
  /// wrong number of cells, a cell of more than kMaxCellBytes, a header of more than kMaxColumns. Throws WorkError if
  /// reading fails.
  bool next(std::vector<std::string>& cells);

  /// After next() has thrown InputError: goes back to the beginning of that row and skips its first line, so that the
  /// next row begins after it. Returns the line without its end. Needs text that can be read again (a file).
  std::string skip_line();

  /// The number of the row last read; 1 is the header. A row that spans several lines counts once, and a line "sep=,"
  /// not at all, as in a spreadsheet.
  std::size_t row() const noexcept { return row_; }
  /// The first row, once it has been read.
  const std::vector<std::string>& header() const noexcept { return header_; }

  const std::filesystem::path& file() const noexcept { return file_; }

  /// Throws InputError for cell `column` (from 0) of the row last read.
  [[noreturn]] void fail(std::size_t column, const std::string& problem, const std::string& remedy) const;
  /// The same for the row as a whole.
  [[noreturn]] void fail(const std::string& problem, const std::string& remedy) const;

private:
  static constexpr int kEnd = -1;

  int peek();
  int take();
  void examine();
  void check_form() const;
  void read_row(std::vector<std::string>& cells);
  void read_quoted(std::string& cell, std::size_t column);
  void read_unquoted(std::string& cell, std::size_t column);
  void append(std::string& cell, int byte, std::size_t column) const;
  bool take_line_end(std::size_t column);
  void check_cell_count(std::size_t count) const;

  std::filesystem::path file_;
  CsvRules rules_;
  std::unique_ptr<std::istream> text_;
  std::string block_;
  std::size_t offset_ = 0;                        ///< of the next byte in block_
  std::uint64_t block_start_ = 0, row_start_ = 0; ///< bytes of the file before block_, and before the row last begun
  std::optional<FileKind> kind_;                  ///< set if the file is not CSV at all
  CsvForm form_;
  std::vector<std::string> header_;
  std::size_t row_ = 0;
  bool blank_ = false; ///< the row last read is an empty line
};

/// `text` as a CSV cell: in quotes if it holds a comma, a quote or a line end, else as it is.
std::string csv_cell(std::string_view text);
/// A row of them, with its line end.
std::string csv_row(const std::vector<std::string>& cells);

/// The first 40 characters of `text`, for a message, followed by "..." if there are more. Line ends and other control
/// characters are shown as '?'.
std::string excerpt(std::string_view text);

} // namespace sciexam::inline exam

#include "exam/csv.hpp"

#include "support/errors.hpp"
#include "support/text/counted.hpp"
#include "support/text/utf8.hpp"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <utility>

namespace sciexam::inline exam {
namespace {

constexpr std::size_t kBlockBytes = std::size_t{64} << 10;
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

constexpr const char* kQuoteRemedy = "Put the whole cell in double quotes, and write each double quote inside it twice";

std::unique_ptr<std::istream> open(const std::filesystem::path& file) {
  std::error_code unknown; // a path without a status cannot be opened either
  if (std::filesystem::is_directory(file, unknown))
    throw UsageError(file.string() + ": is a folder. Give the path of a CSV file");
  errno = 0;
  auto text = std::make_unique<std::ifstream>(file, std::ios::binary);
  if (!*text)
    throw UsageError(file.string() + ": cannot be opened: " + std::strerror(errno) +
                     ". Check the path and its permissions");
  return text;
}

} // namespace

CsvReader::CsvReader(std::filesystem::path file, CsvRules rules)
    : file_(std::move(file)), rules_(rules), text_(open(file_)) {
  examine();
}

CsvReader::CsvReader(std::unique_ptr<std::istream> text, std::filesystem::path name, CsvRules rules)
    : file_(std::move(name)), rules_(rules), text_(std::move(text)) {
  examine();
}

int CsvReader::peek() {
  if (offset_ == block_.size()) {
    block_start_ += block_.size();
    block_.resize(kBlockBytes);
    text_->read(block_.data(), static_cast<std::streamsize>(kBlockBytes));
    if (text_->bad())
      throw WorkError(file_.string() + ": cannot be read after row " + std::to_string(row_) +
                      ". Check the disk, or copy the file elsewhere");
    block_.resize(static_cast<std::size_t>(text_->gcount()));
    offset_ = 0;
    if (block_.empty())
      return kEnd;
  }
  return static_cast<unsigned char>(block_[offset_]);
}

int CsvReader::take() {
  const int byte = peek();
  if (byte != kEnd)
    ++offset_;
  return byte;
}

void CsvReader::examine() {
  peek(); // the first block holds all that is looked at
  kind_ = find_file_kind(block_);
  if (block_.starts_with(kByteOrderMark))
    offset_ = kByteOrderMark.size();
  form_ = find_csv_form(std::string_view(block_).substr(offset_));
  offset_ += form_.marker_bytes;
}

void CsvReader::check_form() const {
  if (kind_)
    throw InputError({file_}, "is " + kind_->name, kind_->remedy);
  // Other separators are not accepted silently: ids are copied byte for byte, and a program that replaced the commas
  // may have changed the ids ("007" to "7") too. So somebody has to look.
  const bool expected = form_.separator == rules_.separator || (rules_.separator != ',' && form_.marker_bytes == 0);
  if (!expected)
    throw InputError(
        {file_, 1},
        "has " + name_of_separators(form_.separator) + " between cells, not " + name_of_separators(rules_.separator),
        "Export it as CSV with commas, and check that the ids are still the same: they are copied into the "
        "submission");
}

bool CsvReader::next(std::vector<std::string>& cells) {
  if (row_ == 0)
    check_form();
  const std::size_t last_row = row_;
  row_start_ = block_start_ + offset_;
  do {
    if (peek() == kEnd) {
      row_ = last_row;
      cells.clear();
      if (row_ == 0)
        throw InputError({file_}, "is empty", "Check that it was copied completely, and that it is the right file");
      return false;
    }
    ++row_;
    read_row(cells);
  } while (blank_);
  if (row_ != last_row + 1 && !rules_.any_cell_count) {
    row_ = last_row + 1;
    fail("the line is empty, but rows follow", "Remove the empty line");
  }
  if (header_.empty())
    header_ = cells;
  check_cell_count(cells.size());
  return true;
}

std::string CsvReader::skip_line() {
  text_->clear(); // the end may have been reached
  if (!text_->seekg(static_cast<std::streamoff>(row_start_)))
    throw WorkError(file_.string() + ": cannot be read again from row " + std::to_string(row_) +
                    " on. Give a file rather than a pipe");
  block_.clear();
  offset_ = 0;
  block_start_ = row_start_;
  std::string line;
  for (int byte = take(); byte != kEnd && byte != '\n' && (byte != '\r' || !form_.lone_cr); byte = take())
    line += static_cast<char>(byte);
  if (line.ends_with('\r'))
    line.pop_back();
  return line;
}

void CsvReader::read_row(std::vector<std::string>& cells) {
  cells.clear();
  for (bool ended = false; !ended;) {
    const std::size_t column = cells.size();
    if (!header_.empty() && column == header_.size())
      check_cell_count(column + 1);
    if (column == kMaxColumns)
      fail("has more than " + std::to_string(kMaxColumns) + " columns", "Check that it is the right file");
    std::string& cell = cells.emplace_back();
    const bool quoted = rules_.quotes && peek() == '"';
    if (quoted)
      read_quoted(cell, column);
    else
      read_unquoted(cell, column);
    if (const std::size_t invalid = find_invalid_utf8(cell); invalid != std::string::npos)
      fail(column, "is not valid UTF-8 at byte " + std::to_string(invalid) + " of the cell", "Save the file as UTF-8");
    ended = take_line_end(column);
    blank_ = ended && column == 0 && !quoted && cell.empty();
  }
}

void CsvReader::read_quoted(std::string& cell, std::size_t column) {
  take();
  for (;;) {
    const int byte = take();
    if (byte == kEnd)
      fail(column, "the double quote that opens the cell is never closed",
           "Close it, and write each double quote inside a cell twice; or the file was cut short: copy it again");
    if (byte == '"') {
      if (peek() != '"')
        break;
      take();
    }
    append(cell, byte, column);
  }
  const int after = peek();
  if (after != static_cast<unsigned char>(rules_.separator) && after != '\n' && after != '\r' && after != kEnd)
    fail(column, "has text after its closing double quote", "Write each double quote inside a quoted cell twice");
}

void CsvReader::read_unquoted(std::string& cell, std::size_t column) {
  const int separator = static_cast<unsigned char>(rules_.separator);
  for (int byte = peek(); byte != separator && byte != '\n' && byte != '\r' && byte != kEnd; byte = peek()) {
    if (byte == '"' && rules_.quotes)
      fail(column, "has a double quote but does not begin with one", kQuoteRemedy);
    append(cell, byte, column);
    take();
  }
}

void CsvReader::append(std::string& cell, int byte, std::size_t column) const {
  if (byte == 0)
    fail(column, "holds a NUL byte", "Save the file as UTF-8 text");
  if (cell.size() == kMaxCellBytes)
    fail(column, "is longer than " + std::to_string(kMaxCellBytes >> 20) + " MiB, the most that a cell may have",
         "Shorten it, or close the double quote that opens it");
  cell += static_cast<char>(byte);
}

/// Takes what ends a cell: false for a separator, true for the end of the row.
bool CsvReader::take_line_end(std::size_t column) {
  const int byte = take();
  if (byte == '\r' && peek() == '\n')
    take();
  else if (byte == '\r' && peek() != kEnd && !form_.lone_cr)
    fail(column, "is followed by a carriage return without a line feed", kQuoteRemedy);
  return byte != static_cast<unsigned char>(rules_.separator);
}

void CsvReader::check_cell_count(std::size_t count) const {
  if (count == header_.size() || rules_.any_cell_count)
    return;
  const std::string found = count > header_.size() ? "more cells" : "only " + counted(count, "cell");
  fail("has " + found + ", where the header names " + counted(header_.size(), "column"),
       "Put cells that hold commas or line ends in double quotes");
}

void CsvReader::fail(std::size_t column, const std::string& problem, const std::string& remedy) const {
  const bool named = column < header_.size() && !header_[column].empty();
  throw InputError({file_, row_, named ? excerpt(header_[column]) : std::to_string(column + 1)}, problem, remedy);
}

void CsvReader::fail(const std::string& problem, const std::string& remedy) const {
  throw InputError({file_, row_}, problem, remedy);
}

std::string csv_cell(std::string_view text) {
  if (text.find_first_of(",\"\r\n") == std::string_view::npos)
    return std::string(text);
  std::string cell = "\"";
  for (const char byte : text)
    cell.append(byte == '"' ? 2 : 1, byte);
  return cell + '"';
}

std::string csv_row(const std::vector<std::string>& cells) {
  std::string row;
  for (std::size_t i = 0; i < cells.size(); ++i)
    row += (i == 0 ? "" : ",") + csv_cell(cells[i]);
  return row + '\n';
}

std::string excerpt(std::string_view text) {
  constexpr int kMostCharacters = 40;
  std::string shown;
  std::size_t offset = 0;
  for (int count = 0; count < kMostCharacters && offset < text.size(); ++count) {
    const Utf8Character character = decode_utf8(text, offset);
    const bool printable = character.length > 0 && character.code_point >= 0x20 && character.code_point != 0x7F &&
                           (character.code_point < 0x80 || character.code_point >= 0xA0);
    const std::size_t length = character.length > 0 ? static_cast<std::size_t>(character.length) : 1;
    shown += printable ? text.substr(offset, length) : std::string_view("?");
    offset += length;
  }
  return shown + (offset < text.size() ? "..." : "");
}

} // namespace sciexam::inline exam

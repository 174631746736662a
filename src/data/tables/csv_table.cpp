#include "data/tables/csv_table.hpp"

#include "exam/csv.hpp"
#include "support/errors.hpp"
#include "support/text/counted.hpp"

#include <algorithm>
#include <array>
#include <fstream>
#include <utility>

namespace sciexam::inline data {
namespace {

constexpr std::array kSeparators = {',', '\t', ';', '|'};
constexpr std::size_t kFirstBytes = std::size_t{64} << 10; // more than any header

std::string first_bytes(const std::filesystem::path& path) {
  std::string text(kFirstBytes, '\0');
  std::ifstream file(path, std::ios::binary); // if it cannot be opened, the reader says so
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(std::max<std::streamsize>(file.gcount(), 0)));
  return text;
}

std::string form_of(char separator) {
  switch (separator) {
  case '\t':
    return "tabs between cells";
  case ';':
    return "semicolons between cells";
  case '|':
    return "pipes between cells";
  default:
    return "";
  }
}

TableRow row_of(std::vector<std::string>& cells, std::size_t row, std::size_t columns) {
  TableRow result{.row = row};
  const bool extra =
      cells.size() > columns && std::any_of(cells.begin() + static_cast<std::ptrdiff_t>(columns), cells.end(),
                                            [](const std::string& cell) { return !cell.empty(); });
  if (cells.size() < columns || extra)
    result.fault =
        (extra ? "" : "only ") + counted(cells.size(), "cell") + ", but the header names " + counted(columns, "column");
  result.cells.reserve(std::min(columns, cells.size()));
  for (std::size_t i = 0; i < std::min(columns, cells.size()); ++i)
    result.cells.push_back({i, std::move(cells[i])});
  return result;
}

Table read_with(const std::filesystem::path& path, char separator, bool quotes) {
  CsvReader reader(path, {.separator = separator, .quotes = quotes, .any_cell_count = true});
  std::vector<std::string> cells;
  reader.next(cells); // the header
  Table table{.file = path, .form = form_of(separator), .has_header = true, .names = std::move(cells)};
  while (reader.next(cells))
    table.rows.push_back(row_of(cells, reader.row(), table.names.size()));
  return table;
}

} // namespace

char find_separator(std::string_view text) {
  std::array<std::size_t, kSeparators.size()> counts{};
  bool quoted = false;
  for (const char byte : text) {
    if (byte == '"')
      quoted = !quoted;
    else if (byte == '\n' && !quoted)
      break;
    const auto* const found = std::find(kSeparators.begin(), kSeparators.end(), byte);
    if (found != kSeparators.end() && !quoted)
      ++counts[static_cast<std::size_t>(found - kSeparators.begin())];
  }
  return kSeparators[static_cast<std::size_t>(std::max_element(counts.begin(), counts.end()) - counts.begin())];
}

Table read_csv_table(const std::filesystem::path& path) {
  const char separator = find_separator(first_bytes(path));
  const bool quotes_may_be_text = separator == '\t' || separator == '|';
  try {
    return read_with(path, separator, true);
  } catch (const InputError&) {
    if (!quotes_may_be_text)
      throw;
  }
  return read_with(path, separator, false);
}

} // namespace sciexam::inline data

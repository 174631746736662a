#include "data/tables/table.hpp"

#include "exam/csv.hpp"
#include "support/errors.hpp"

#include <algorithm>

namespace sciexam::inline data {

const std::string* TableRow::find(std::size_t column) const {
  if (column < cells.size() && cells[column].column == column) // rows of CSV files, and most others
    return &cells[column].text;
  const auto found = std::lower_bound(cells.begin(), cells.end(), column,
                                      [](const TableCell& cell, std::size_t wanted) { return cell.column < wanted; });
  return found != cells.end() && found->column == column ? &found->text : nullptr;
}

void Table::fail(std::size_t column, const std::string& problem, const std::string& remedy) const {
  const std::string& name = names[column];
  throw InputError({file, has_header ? std::size_t{1} : 0, name.empty() ? std::to_string(column + 1) : excerpt(name)},
                   problem, remedy);
}

void Table::fail(const std::string& problem, const std::string& remedy) const {
  throw InputError({file, has_header ? std::size_t{1} : 0}, problem, remedy);
}

std::string plain_name(std::string_view name) {
  std::string plain;
  for (const char byte : name) {
    const bool upper = byte >= 'A' && byte <= 'Z';
    const bool kept = (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9') || (byte & 0x80) != 0;
    if (upper || kept)
      plain += static_cast<char>(upper ? byte - 'A' + 'a' : byte);
  }
  return plain;
}

} // namespace sciexam::inline data

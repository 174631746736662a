// How a table in text is written: what stands between cells, and what ends its rows.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace sciexam::inline exam {

struct CsvForm {
  char separator = ',';         ///< between the cells of the first row
  std::size_t marker_bytes = 0; ///< of a line "sep=;" with its end, in which Excel names the separator
  bool lone_cr = false;         ///< rows end with a carriage return alone, as on early Macintoshes
};

/// The form of the table that begins with `beginning` (without byte order mark; 64 KiB is plenty). Its separator is
/// the one that the marker names; else a comma if the first row has one outside double quotes, and otherwise the most
/// frequent of semicolon, tab and '|'. Without any of them it is the comma.
CsvForm find_csv_form(std::string_view beginning);

/// "semicolons", "tabs", ...: for messages.
std::string name_of_separators(char separator);

} // namespace sciexam::inline exam

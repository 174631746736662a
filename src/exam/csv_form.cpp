#include "exam/csv_form.hpp"

#include <algorithm>
#include <array>

namespace sciexam::inline exam {
namespace {

constexpr std::array kOtherSeparators = {';', '\t', '|'};

/// If `text` begins with a line "sep=X", in double quotes or not: X, and the line's length with its end.
CsvForm read_marker(std::string_view text) {
  const std::size_t end = std::min(text.find_first_of("\r\n"), text.size());
  std::string_view line = text.substr(0, end);
  if (line.size() > 2 && line.front() == '"' && line.back() == '"')
    line = line.substr(1, line.size() - 2);
  constexpr std::string_view kMarker = "sep=";
  const bool named = line.size() == kMarker.size() + 1 && (line.starts_with(kMarker) || line.starts_with("SEP="));
  if (!named)
    return {};
  const std::size_t line_end = text.substr(end).starts_with("\r\n") ? 2 : end < text.size() ? 1 : 0;
  return {.separator = line.back(), .marker_bytes = end + line_end};
}

/// What a scan of the text outside double quotes has seen.
struct Seen {
  std::size_t commas = 0, others[kOtherSeparators.size()] = {}; ///< in the first row
  bool lf = false, lone_cr = false;
};

Seen scan(std::string_view text) {
  Seen seen;
  bool quoted = false, in_first_row = true;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char byte = text[i];
    quoted = quoted != (byte == '"');
    if (quoted)
      continue;
    seen.lf = seen.lf || byte == '\n';
    seen.lone_cr = seen.lone_cr || (byte == '\r' && i + 1 < text.size() && text[i + 1] != '\n');
    in_first_row = in_first_row && byte != '\n' && byte != '\r';
    if (!in_first_row)
      continue;
    seen.commas += byte == ',';
    for (std::size_t other = 0; other < kOtherSeparators.size(); ++other)
      seen.others[other] += byte == kOtherSeparators[other];
  }
  return seen;
}

} // namespace

CsvForm find_csv_form(std::string_view beginning) {
  CsvForm form = read_marker(beginning);
  const Seen seen = scan(beginning.substr(form.marker_bytes));
  form.lone_cr = seen.lone_cr && !seen.lf;
  const auto* const most = std::max_element(std::begin(seen.others), std::end(seen.others));
  if (form.marker_bytes == 0 && seen.commas == 0 && *most > 0)
    form.separator = kOtherSeparators[static_cast<std::size_t>(most - std::begin(seen.others))];
  return form;
}

std::string name_of_separators(char separator) {
  switch (separator) {
  case ',':
    return "commas";
  case ';':
    return "semicolons";
  case '\t':
    return "tabs";
  case '|':
    return "vertical bars (|)";
  default:
    return std::string("the character '") + separator + "'";
  }
}

} // namespace sciexam::inline exam

#include "report/page.hpp"

#include "report/markup.hpp"
#include "report/style.hpp"
#include "support/errors.hpp"
#include "support/text/counted.hpp"

#include <algorithm>

namespace sciexam::inline report {
namespace {

/// A number, or what stands for one that is missing.
bool is_number(std::string_view cell) {
  if (cell.empty() || cell == "-")
    return true;
  const bool has_digit = std::any_of(cell.begin(), cell.end(), [](char c) { return c >= '0' && c <= '9'; });
  return has_digit && cell.find_first_not_of("0123456789.,+-e% ") == std::string_view::npos;
}

std::string opened(std::string_view tag, bool number) {
  return "<" + std::string(tag) + (number ? R"( class="number">)" : ">");
}

} // namespace

Page::Page(std::string title, std::string subtitle) : title_(std::move(title)), subtitle_(std::move(subtitle)) {}

void Page::begin_part() {
  if (in_figures_)
    body_ += "</div>\n";
  in_figures_ = false;
}

void Page::heading(std::string_view text) {
  begin_part();
  body_ += element("h2", text) + "\n";
}

void Page::paragraph(std::string_view text) {
  begin_part();
  body_ += element("p", text) + "\n";
}

void Page::notice(std::string_view text) {
  begin_part();
  body_ += R"(<div class="notice" role="note"><strong>Warning:</strong> )" + escape_markup(text) + "</div>\n";
}

void Page::highlights(const std::vector<std::pair<std::string, std::string>>& values) {
  begin_part();
  body_ += "<dl class=\"highlights\">\n";
  for (const auto& [name, value] : values)
    body_ += "<div>" + element("dt", name) + element("dd", value) + "</div>\n";
  body_ += "</dl>\n";
}

void Page::facts(const std::string& name, const std::string& value,
                 const std::vector<std::pair<std::string, std::string>>& rows) {
  std::vector<std::vector<std::string>> cells;
  cells.reserve(rows.size());
  for (const auto& [first, second] : rows)
    cells.push_back({first, second});
  table({name, value}, cells);
}

void Page::table(const std::vector<std::string>& header, const std::vector<std::vector<std::string>>& rows) {
  begin_part();
  std::vector<bool> numeric(header.size(), true);
  for (const auto& row : rows) {
    if (row.size() > header.size())
      throw InternalError("a row of a report's table has " + counted(row.size(), "cell") + ", its header " +
                          std::to_string(header.size()));
    for (std::size_t i = 0; i < row.size(); ++i)
      numeric[i] = numeric[i] && is_number(row[i]);
  }
  // a scrolling box must be reachable by keyboard
  body_ += R"(<div class="table" tabindex="0" role="region" aria-label="Table by )" +
           (header.empty() ? std::string() : escape_markup(header[0])) + "\">\n<table>\n<thead><tr>";
  for (std::size_t i = 0; i < header.size(); ++i)
    body_ += (i > 0 && numeric[i] ? R"(<th scope="col" class="number">)" : R"(<th scope="col">)") +
             escape_markup(header[i]) + "</th>";
  body_ += "</tr></thead>\n<tbody>\n";
  for (const auto& row : rows) {
    body_ += R"(<tr><th scope="row">)" + (row.empty() ? std::string() : escape_markup(row[0])) + "</th>";
    for (std::size_t i = 1; i < header.size(); ++i)
      body_ += opened("td", numeric[i]) + (i < row.size() ? escape_markup(row[i]) : std::string()) + "</td>";
    body_ += "</tr>\n";
  }
  body_ += "</tbody>\n</table>\n</div>\n";
}

void Page::figure(std::string_view svg, std::string_view caption) {
  if (!in_figures_)
    body_ += "<div class=\"figures\">\n";
  in_figures_ = true;
  body_ += "<figure>" + std::string(svg) + (caption.empty() ? std::string() : element("figcaption", caption)) +
           "</figure>\n";
}

std::string Page::html() const {
  // whatever the texts contain, the policy stops a browser from loading or running anything
  std::string html = R"html(<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8"/>
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'"/>
<meta name="viewport" content="width=device-width, initial-scale=1"/>
<meta name="color-scheme" content="light dark"/>
)html";
  html += element("title", title_) + "\n<style>" + style_sheet() + "</style>\n</head>\n<body>\n<main>\n";
  html += "<header>" + element("h1", title_) + (subtitle_.empty() ? std::string() : element("p", subtitle_)) +
          "</header>\n";
  return html + body_ + (in_figures_ ? "</div>\n" : "") + "</main>\n</body>\n</html>\n";
}

} // namespace sciexam::inline report

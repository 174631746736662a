#include "exam/context_columns.hpp"

#include "support/text/utf8.hpp"

#include <algorithm>
#include <utility>

namespace sciexam::inline exam {
namespace {

constexpr std::string_view kName = "context";
constexpr std::string_view kNumbered = "context_";

bool is_numbered(std::string_view name) {
  return name.size() > kNumbered.size() && name.starts_with(kNumbered) &&
         name.find_first_not_of("0123456789", kNumbered.size()) == std::string_view::npos;
}

} // namespace

std::string context_column(std::size_t number) {
  return number == 1 ? std::string(kName) : std::string(kNumbered) + std::to_string(number);
}

std::vector<std::string> unused_context_columns(std::span<const std::string> header) {
  std::vector<std::string> used;
  for (std::size_t number = 1; number <= kMostContexts; ++number) {
    used.push_back(context_column(number));
    if (std::find(header.begin(), header.end(), used.back()) == header.end())
      break;
  }
  std::vector<std::string> unused;
  for (const std::string& name : header)
    if (is_numbered(name) && std::find(used.begin(), used.end(), name) == used.end())
      unused.push_back(name);
  return unused;
}

RowContexts row_contexts(std::vector<std::string> cells) {
  RowContexts contexts;
  const auto first = std::find_if(cells.begin(), cells.end(), has_text);
  if (first == cells.end()) {
    contexts.first = cells.empty() ? std::string() : std::move(cells.front());
    return contexts;
  }
  contexts.first = std::move(*first);
  for (auto cell = first + 1; cell != cells.end(); ++cell)
    if (has_text(*cell))
      contexts.further.push_back(std::move(*cell));
  return contexts;
}

} // namespace sciexam::inline exam

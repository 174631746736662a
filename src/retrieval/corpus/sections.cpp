#include "retrieval/corpus/sections.hpp"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <vector>

namespace sciexam::inline retrieval {
namespace {

constexpr std::string_view kReferenceHeadings[] = {"references",
                                                   "external links",
                                                   "see also",
                                                   "further reading",
                                                   "bibliography",
                                                   "citations",
                                                   "footnotes",
                                                   "notes and references",
                                                   "references and notes",
                                                   "references and further reading",
                                                   "external link",
                                                   "reference",
                                                   "works cited",
                                                   "literature cited",
                                                   "general references",
                                                   "cited sources",
                                                   "general sources",
                                                   "explanatory notes"};
constexpr std::string_view kUnsureHeadings[] = {"notes", "sources"};

struct Heading {
  std::size_t begin, rank; ///< of its line; how many "=" it has, 0 without marks
  bool of_references, unsure;
};

std::string_view trimmed(std::string_view line) {
  constexpr std::string_view kBlank = " \t\r\n";
  const std::size_t begin = line.find_first_not_of(kBlank);
  return begin == std::string_view::npos ? std::string_view()
                                         : line.substr(begin, line.find_last_not_of(kBlank) + 1 - begin);
}

std::string lower_case(std::string_view text) {
  std::string lower(text);
  for (char& c : lower)
    c = static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
  return lower;
}

template <std::size_t N>
bool is_named(const std::string_view (&names)[N], std::string_view name) {
  return std::find(std::begin(names), std::end(names), name) != std::end(names);
}

/// How many "=" are on both sides of a line, at most six; 0 if it is no marked heading.
std::size_t marks_of(std::string_view line) {
  std::size_t marks = 0;
  while (marks < 6 && 2 * marks + 2 < line.size() && line[marks] == '=' && line[line.size() - 1 - marks] == '=')
    ++marks;
  return marks >= 2 ? marks : 0; // one is an equation's
}

void add_heading(std::string_view line, std::size_t begin, std::vector<Heading>& headings) {
  constexpr std::size_t kLongestName = 40;
  line = trimmed(line);
  const std::size_t rank = marks_of(line);
  std::string_view name = trimmed(line.substr(rank, line.size() - 2 * rank));
  if (rank == 0 && (name.empty() || name.size() > kLongestName))
    return;
  if (rank == 0 && (name.back() == ':' || name.back() == '.')) // wikiextractor leaves "References."
    name.remove_suffix(1);
  const std::string lower = name.size() <= kLongestName ? lower_case(name) : std::string();
  const bool unsure = is_named(kUnsureHeadings, lower);
  const bool of_references = unsure || is_named(kReferenceHeadings, lower);
  if (rank > 0 || of_references)
    headings.push_back({begin, rank, of_references, unsure});
}

std::vector<Heading> find_headings(std::string_view text) {
  std::vector<Heading> headings;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    add_heading(text.substr(begin, end - begin), begin, headings);
    begin = end + 1;
  }
  return headings;
}

/// A longer line has text behind the category's name.
constexpr std::size_t kMostCategoryBytes = 200;

std::size_t end_without_categories(std::string_view text) {
  for (;;) {
    const std::string_view kept = text.substr(0, text.find_last_not_of(" \t\r\n") + 1);
    const std::size_t line_begin = kept.rfind('\n') + 1; // npos + 1 is 0
    std::string_view line = trimmed(kept.substr(line_begin));
    if (line.starts_with("[["))
      line.remove_prefix(2);
    if (!line.starts_with("Category:") || line.size() > kMostCategoryBytes)
      return kept.size();
    text = kept.substr(0, line_begin);
  }
}

/// The heading behind the section of headings[first], or their number.
std::size_t section_end(const std::vector<Heading>& headings, std::size_t first) {
  std::size_t next = first + 1, rank = headings[first].rank;
  for (; next < headings.size() && (headings[next].of_references || headings[next].rank > rank); ++next)
    if (headings[next].of_references)
      rank = std::min(rank, headings[next].rank);
  return next;
}

std::string without_marked_sections(std::string_view text, const std::vector<Heading>& headings) {
  std::string kept;
  std::size_t kept_to = 0;
  for (std::size_t i = 0; i < headings.size();) {
    const std::size_t next = section_end(headings, i);
    if (!headings[i].of_references || (headings[i].unsure && next < headings.size())) {
      ++i;
      continue;
    }
    kept += text.substr(kept_to, headings[i].begin - kept_to);
    kept_to = next < headings.size() ? headings[next].begin : text.size();
    i = next;
  }
  kept += text.substr(kept_to);
  return kept;
}

} // namespace

std::string without_reference_sections(std::string_view text) {
  text = text.substr(0, end_without_categories(text));
  std::vector<Heading> headings = find_headings(text);
  const bool marked = std::any_of(headings.begin(), headings.end(), [](const Heading& h) { return h.rank > 0; });
  std::string kept;
  if (marked) {
    std::erase_if(headings, [](const Heading& heading) { return heading.rank == 0; });
    kept = without_marked_sections(text, headings);
  } else {
    const auto found = std::find_if(headings.begin(), headings.end(),
                                    [&](const Heading& heading) { return 2 * heading.begin >= text.size(); });
    kept = text.substr(0, found == headings.end() ? text.size() : found->begin);
  }
  kept.resize(end_without_categories(kept));
  return kept;
}

} // namespace sciexam::inline retrieval

#include "structure/markdown.hpp"

#include <algorithm>
#include <cctype>
#include <fstream>
#include <map>
#include <regex>
#include <sstream>

#include <nlohmann/json.hpp>

namespace sciexam::test {
namespace {

namespace fs = std::filesystem;

std::string read_file(const fs::path& file) {
  std::ifstream stream(file);
  std::stringstream text;
  text << stream.rdbuf();
  return text.str();
}

/// The text of a notebook's Markdown cells.
std::string text_of_notebook(const std::string& json) {
  const nlohmann::json notebook = nlohmann::json::parse(json);
  std::string text;
  for (const nlohmann::json& cell : notebook.at("cells"))
    if (cell.at("cell_type") == "markdown")
      for (const nlohmann::json& line : cell.at("source"))
        text += line.get<std::string>();
  return text;
}

/// Blocks between fences and spans between single backticks become empty.
std::string without_code(const std::string& text) {
  std::string prose;
  bool in_block = false;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    const bool fence = line.starts_with("```");
    if (!fence && !in_block)
      prose += line + "\n";
    in_block = in_block != fence;
  }
  return std::regex_replace(prose, std::regex("`[^`]*`"), "``");
}

/// GitHub's: lower case, punctuation left out, hyphens for spaces.
std::string anchor_of(const std::string& heading) {
  std::string anchor;
  for (const char c : heading)
    if (const auto byte = static_cast<unsigned char>(c); c == ' ')
      anchor += '-';
    else if (std::isalnum(byte) != 0 || byte >= 0x80 || c == '-' || c == '_')
      anchor += static_cast<char>(std::tolower(byte));
  return anchor;
}

std::set<std::string> anchors_of(const std::string& text) {
  std::set<std::string> anchors;
  std::map<std::string, int> seen;
  bool in_block = false;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    in_block = in_block != line.starts_with("```");
    const std::size_t level = line.find_first_not_of('#');
    if (in_block || level == 0 || level == std::string::npos || line[level] != ' ')
      continue;
    const std::string anchor = anchor_of(line.substr(level + 1));
    const int earlier = seen[anchor]++;
    anchors.insert(earlier == 0 ? anchor : anchor + "-" + std::to_string(earlier));
  }
  return anchors;
}

std::vector<std::string> links_of(const std::string& text) {
  const std::string prose = without_code(text);
  const std::regex link(R"(\]\(([^)\s]+)\))");
  std::vector<std::string> links;
  for (std::sregex_iterator match(prose.begin(), prose.end(), link), end; match != end; ++match)
    links.push_back((*match)[1]);
  return links;
}

bool leads_elsewhere(const std::string& link) {
  return link.find("://") != std::string::npos || link.starts_with("mailto:");
}

/// The file that a link of `document` means, and the heading.
std::pair<fs::path, std::string> target_of(const MarkdownDocument& document, const std::string& link) {
  const std::size_t hash = std::min(link.find('#'), link.size());
  const std::string heading = hash < link.size() ? link.substr(hash + 1) : "";
  const fs::path file = hash == 0 ? document.path : document.path.parent_path() / link.substr(0, hash);
  return {file.lexically_normal(), heading};
}

void read_below(const fs::path& root, const fs::path& folder, std::string_view extension,
                std::vector<MarkdownDocument>& documents) {
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(root / folder)) {
    if (entry.path().extension() != extension)
      continue;
    const std::string text = read_file(entry.path());
    documents.push_back(
        parse_markdown(entry.path().lexically_relative(root), extension == ".ipynb" ? text_of_notebook(text) : text));
  }
}

} // namespace

MarkdownDocument parse_markdown(fs::path path, std::string text) {
  MarkdownDocument document{std::move(path), std::move(text), {}, {}};
  document.anchors = anchors_of(document.text);
  document.links = links_of(document.text);
  return document;
}

std::vector<MarkdownDocument> read_documents(const fs::path& root) {
  std::vector<MarkdownDocument> documents;
  for (const fs::directory_entry& entry : fs::directory_iterator(root))
    if (entry.path().extension() == ".md")
      documents.push_back(parse_markdown(entry.path().filename(), read_file(entry.path())));
  read_below(root, "docs", ".md", documents);
  read_below(root, "tests", ".md", documents);
  read_below(root, "notebooks", ".ipynb", documents);
  std::sort(documents.begin(), documents.end(), [](const auto& a, const auto& b) { return a.path < b.path; });
  return documents;
}

std::vector<std::string> broken_links(const std::vector<MarkdownDocument>& documents, const fs::path& root) {
  std::vector<std::string> findings;
  for (const MarkdownDocument& document : documents)
    for (const std::string& link : document.links) {
      if (leads_elsewhere(link))
        continue;
      const auto [file, heading] = target_of(document, link);
      const auto page = std::find_if(documents.begin(), documents.end(), [&](const auto& d) { return d.path == file; });
      if (page == documents.end() && (file.string().starts_with("..") || !fs::exists(root / file)))
        findings.push_back(document.path.string() + " links to " + link + ", which is not there");
      else if (!heading.empty() && (page == documents.end() || !page->anchors.contains(heading)))
        findings.push_back(document.path.string() + " links to " + link + ", but there is no such heading");
    }
  return findings;
}

std::set<fs::path> linked_files(const std::vector<MarkdownDocument>& documents) {
  std::set<fs::path> files;
  for (const MarkdownDocument& document : documents)
    for (const std::string& link : document.links)
      if (const fs::path file = target_of(document, link).first; !leads_elsewhere(link) && file != document.path)
        files.insert(file);
  return files;
}

std::vector<std::string> too_large(const MarkdownDocument& document, std::size_t most_lines, std::size_t most_columns) {
  std::vector<std::string> findings;
  std::size_t count = 0;
  std::istringstream lines(document.text);
  for (std::string line; std::getline(lines, line);) {
    ++count;
    const auto columns = static_cast<std::size_t>(std::count_if(line.begin(), line.end(), [](char c) {
      return (static_cast<unsigned char>(c) & 0xC0) != 0x80; // not a further byte of UTF-8
    }));
    if (columns > most_columns)
      findings.push_back(document.path.string() + ", line " + std::to_string(count) + ": has " +
                         std::to_string(columns) + " columns, more than " + std::to_string(most_columns));
  }
  if (count > most_lines)
    findings.push_back(document.path.string() + " has " + std::to_string(count) + " lines, more than " +
                       std::to_string(most_lines));
  return findings;
}

} // namespace sciexam::test

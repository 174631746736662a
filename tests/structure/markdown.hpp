// What documents in Markdown link to, and what in them can be linked to.
#pragma once

#include <filesystem>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace sciexam::test {

struct MarkdownDocument {
  std::filesystem::path path;     ///< below the root, e.g. "docs/gpu.md"
  std::string text;               ///< Markdown; of a notebook that of its Markdown cells
  std::set<std::string> anchors;  ///< of its headings, as GitHub makes them: "what-it-promises"
  std::vector<std::string> links; ///< "gpu.md#kernels", "https://...": as written, those of images too
};

/// Headings and links, except what stands in code.
MarkdownDocument parse_markdown(std::filesystem::path path, std::string text);

/// The documents that people read: *.md in the root, docs/ and below tests/, and the notebooks. Ordered by path.
std::vector<MarkdownDocument> read_documents(const std::filesystem::path& root);

/// A finding for each relative link that leads to no file below `root`, or to no heading of the file.
std::vector<std::string> broken_links(const std::vector<MarkdownDocument>& documents,
                                      const std::filesystem::path& root);

/// Files that some other document links to, below the root.
std::set<std::filesystem::path> linked_files(const std::vector<MarkdownDocument>& documents);

/// A finding if the text has more lines, and one for each line of more characters.
std::vector<std::string> too_large(const MarkdownDocument& document, std::size_t most_lines, std::size_t most_columns);

} // namespace sciexam::test

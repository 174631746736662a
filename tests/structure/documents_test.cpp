// Holds the documents to what they promise: a short README, links that lead somewhere, one version.
#include "structure/markdown.hpp"

#include <algorithm>
#include <fstream>
#include <regex>
#include <sstream>

#include <catch2/catch_test_macros.hpp>

using namespace sciexam::test;

namespace {

namespace fs = std::filesystem;

const fs::path kSource = SCIEXAM_SOURCE_DIR;

const MarkdownDocument& find_document(const std::vector<MarkdownDocument>& documents, const fs::path& path) {
  const auto found = std::find_if(documents.begin(), documents.end(), [&](const auto& d) { return d.path == path; });
  INFO(path);
  REQUIRE(found != documents.end());
  return *found;
}

void report_all(const std::vector<std::string>& findings) {
  for (const std::string& finding : findings)
    FAIL_CHECK(finding);
}

/// What the pattern's first group matches first; empty where it does not.
std::string first_match(const std::string& text, const char* pattern) {
  std::smatch match;
  return std::regex_search(text, match, std::regex(pattern)) ? match[1].str() : "";
}

} // namespace

TEST_CASE("README.md has at most 120 lines of at most 100 columns") {
  report_all(too_large(find_document(read_documents(kSource), "README.md"), 120, 100));
}

TEST_CASE("every relative link of a document leads to a file and, where it names one, to a heading") {
  const std::vector<MarkdownDocument> documents = read_documents(kSource);
  REQUIRE(documents.size() > 15);
  REQUIRE(find_document(documents, "README.md").links.size() > 10);
  REQUIRE(find_document(documents, "notebooks/sciexam-submit.ipynb").text.starts_with("# "));
  report_all(broken_links(documents, kSource));
}

TEST_CASE("every page and drawing of docs/ is linked from another page") {
  const std::set<fs::path> linked = linked_files(read_documents(kSource));
  for (const fs::directory_entry& entry : fs::directory_iterator(kSource / "docs"))
    if (const fs::path file = entry.path().lexically_relative(kSource);
        entry.is_regular_file() && !linked.contains(file))
      FAIL_CHECK(file << " is linked from nowhere");
}

TEST_CASE("the newest version in CHANGELOG.md is the one in CMakeLists.txt") {
  std::stringstream cmake;
  cmake << std::ifstream(kSource / "CMakeLists.txt").rdbuf();
  const std::string version = first_match(cmake.str(), R"(project\(sciexam VERSION (\S+))");
  REQUIRE(!version.empty());
  const std::string changes = find_document(read_documents(kSource), "CHANGELOG.md").text;
  CHECK(first_match(changes, R"(\n## \[(\d\S*)\] - \d{4}-\d{2}-\d{2}\n)") == version);
}

TEST_CASE("these checks of documents find what they look for") {
  const std::vector<MarkdownDocument> documents = {
      parse_markdown("README.md",
                     "# One page\n[a](docs/a.md#at-home-or-not) [b](docs/b.md)\n[of two\nlines](docs/a.md#no)\n"),
      parse_markdown("docs/a.md",
                     "## At `home`, or not?\n## Twice\n## Twice\n![i](i.svg) `[no](link.md)` [up](../README.md)\n"
                     "[own](#twice-1) [none](#twice-2) [out](../../x.md) [web](https://x.org/#y)\n"
                     "```\n# no heading\n[no](link.md)\n```\n")};
  CHECK(documents[1].anchors == std::set<std::string>{"at-home-or-not", "twice", "twice-1"});
  CHECK(broken_links(documents, "/nowhere") ==
        std::vector<std::string>{"README.md links to docs/b.md, which is not there",
                                 "README.md links to docs/a.md#no, but there is no such heading",
                                 "docs/a.md links to i.svg, which is not there",
                                 "docs/a.md links to #twice-2, but there is no such heading",
                                 "docs/a.md links to ../../x.md, which is not there"});
  CHECK(linked_files(documents) == std::set<fs::path>{"../x.md", "README.md", "docs/a.md", "docs/b.md", "docs/i.svg"});
  CHECK(too_large(parse_markdown("x.md", "äöü\nabcd\n"), 1, 3) ==
        std::vector<std::string>{"x.md, line 2: has 4 columns, more than 3", "x.md has 2 lines, more than 1"});
}

// Holds the sources to the house's rules: the order of folders, no circles, short files, a header for every part.
#include "structure/source_tree.hpp"

#include <algorithm>
#include <set>

#include <catch2/catch_test_macros.hpp>

using namespace sciexam::test;

namespace {

namespace fs = std::filesystem;

const fs::path kRoot = SCIEXAM_SOURCE_DIR;

constexpr std::size_t kMostLines = 400, kMedianBelow = 110, kLinesWithoutHeader = 60;

void expect_none(const std::vector<std::string>& findings) {
  for (const std::string& finding : findings)
    FAIL_CHECK(finding);
}

/// Sources that nobody includes from: programs, commands, and what is compiled once for each instruction set or device.
bool needs_no_header(const fs::path& path) {
  const std::string text = path.generic_string();
  return path.filename() == "main.cpp" || text.starts_with("src/cli/") || text.find("/per_isa/") != std::string::npos ||
         text.starts_with("src/gpu/kernels/");
}

} // namespace

TEST_CASE("every folder of src/ includes only from itself and from folders before it in src/CMakeLists.txt") {
  const std::vector<std::string> order = folder_order(kRoot / "src/CMakeLists.txt");
  REQUIRE(order.size() > 10);
  const std::vector<SourceFile> files = source_files(kRoot, "src");
  expect_none(upward_includes(files, order));
  std::set<std::string> used;
  for (const SourceFile& file : files)
    used.insert((*std::next(file.path.begin())).string());
  for (const std::string& folder : order)
    if (!used.contains(folder))
      FAIL_CHECK("src/CMakeLists.txt names " << folder << ", which has no source files");
}

TEST_CASE("there is no circle of includes between files, a header and its source being one") {
  expect_none(circles(include_graph(source_files(kRoot, "src"))));
}

TEST_CASE("every source file that is more than a helper has its header") {
  for (const SourceFile& file : source_files(kRoot, "src")) {
    if (file.path.extension() != ".cpp" || file.lines <= kLinesWithoutHeader || needs_no_header(file.path))
      continue;
    if (!fs::exists((kRoot / file.path).replace_extension(".hpp")))
      FAIL_CHECK(file.path.string() << " has " << file.lines << " lines and no header");
  }
}

TEST_CASE("every folder of src/ has a namespace, so that the linker cannot take two types of one name for the same") {
  const std::vector<SourceFile> files = source_files(kRoot, "src");
  REQUIRE(std::count_if(files.begin(), files.end(), [](const SourceFile& file) { return !file.namespaces.empty(); }) >
          100);
  expect_none(foreign_namespaces(files));
}

TEST_CASE("source files are short") {
  for (const char* folder : {"src", "tests"}) {
    const std::vector<SourceFile> files = source_files(kRoot, folder);
    REQUIRE(files.size() > 50);
    std::vector<std::size_t> lengths;
    for (const SourceFile& file : files) {
      lengths.push_back(file.lines);
      if (file.lines > kMostLines)
        FAIL_CHECK(file.path.string() << " has " << file.lines << " lines, more than " << kMostLines);
    }
    std::nth_element(lengths.begin(), lengths.begin() + static_cast<std::ptrdiff_t>(lengths.size() / 2), lengths.end());
    if (const std::size_t median = lengths[lengths.size() / 2]; folder == std::string("src") && median >= kMedianBelow)
      FAIL_CHECK("the median of " << folder << "/ is " << median << " lines, not below " << kMedianBelow);
  }
}

TEST_CASE("these checks find what they look for") {
  const std::vector<SourceFile> files = {{"src/low/a.hpp", 1, {}},
                                         {"src/low/a.cpp", 1, {"low/a.hpp", "high/c.hpp"}},
                                         {"src/low/b.cpp", 1, {"none/x.hpp", "made_by_the_build.hpp"}},
                                         {"src/high/c.hpp", 1, {"low/a.hpp"}},
                                         {"src/other/d.cpp", 1, {"low/a.hpp"}},
                                         {"src/main.cpp", 1, {"high/c.hpp"}}};
  CHECK(upward_includes(files, {"low", "high"}) ==
        std::vector<std::string>{"src/low/a.cpp includes high/c.hpp, whose folder comes after its own",
                                 "src/low/b.cpp includes none/x.hpp, whose folder src/CMakeLists.txt does not name",
                                 "src/other/d.cpp is in a folder that src/CMakeLists.txt does not name"});
  CHECK(foreign_namespaces({{"src/low/a.hpp", 1, {}, {"sciexam::inline low", "sciexam::inline low::part"}},
                            {"src/low/b.hpp", 1, {}, {"sciexam"}},
                            {"src/low/c.hpp", 1, {}, {"sciexam::inline lower"}},
                            {"src/main.cpp", 1, {}, {"sciexam"}}}) ==
        std::vector<std::string>{"src/low/b.hpp opens sciexam, not sciexam::inline low",
                                 "src/low/c.hpp opens sciexam::inline lower, not sciexam::inline low"});
  CHECK(circles(include_graph(files)) == std::vector<std::string>{"high/c <-> low/a"});
  CHECK(circles({{"a", {"b"}}, {"b", {"c"}}, {"c", {"a", "d"}}, {"d", {"d"}}, {"e", {"d"}}}) ==
        std::vector<std::string>{"a <-> b <-> c"});
}

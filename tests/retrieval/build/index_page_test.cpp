#include "retrieval/build/build_index.hpp"
#include "retrieval/build/index_page.hpp"
#include "retrieval/build/merge.hpp"
#include "retrieval/index/small_index.hpp"
#include "retrieval/zipf_index.hpp"
#include "support/errors.hpp"
#include "support/files/files.hpp"
#include "temporary_folder.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace sciexam;
using namespace sciexam::test;
using Catch::Matchers::ContainsSubstring;

namespace {

namespace fs = std::filesystem;

std::string page_of(const fs::path& index) {
  const TemporaryFolder folder;
  write_index_page(folder / "page.html", PassageIndex(PackageFiles::in_folder(index), nullptr), {});
  return read_text_file(folder / "page.html");
}

/// Some megabytes, so that there are several runs: articles, doubles of the first, and empty ones.
std::vector<fs::path> write_documents(const TemporaryFolder& folder) {
  std::string text;
  for (int i = 0; i < 3000; ++i) {
    std::string sentence = "Article " + std::to_string(i % 100 == 7 ? 0 : i) + " is about nothing.";
    for (int word = 0; word < 100; ++word)
      sentence += " word" + std::to_string(i % 100 == 7 ? word : i + word);
    text += Json{{"title", "T" + std::to_string(i)}, {"text", i % 100 == 9 ? "" : sentence}}.dump() + "\n";
  }
  write_file_atomically(folder / "corpus.jsonl", text);
  return {folder / "corpus.jsonl"};
}

} // namespace

TEST_CASE("a histogram of lengths has every passage, in bars of round width") {
  std::vector<std::uint64_t> counts(1000);
  for (std::size_t length = 30; length < 90; ++length)
    counts[length] = 100;
  counts[900] = 3; // too few to stretch the others' bars
  const auto bars = length_histogram(counts);
  REQUIRE(bars.size() <= kLengthBars);
  CHECK((bars[0] == std::pair<std::string, double>("0", 0)));
  CHECK((bars[6] == std::pair<std::string, double>("30", 500)));
  CHECK((bars.back() == std::pair<std::string, double>("≥90", 3)));
  double all = 0;
  for (const auto& [name, passages] : bars)
    all += passages;
  CHECK(all == 6003);
  CHECK(length_histogram({}).empty());
  CHECK(length_histogram(std::vector<std::uint64_t>(100)).empty());
  CHECK((length_histogram({7}) == std::vector<std::pair<std::string, double>>{{"0", 7}}));
  CHECK(length_histogram(std::vector<std::uint64_t>(65536, 1)).size() <= kLengthBars);
}

TEST_CASE("an index's page is the same whether it was built in one go or interrupted; its counts are the build's") {
  const TemporaryFolder folder;
  BuildRequest request{.files = write_documents(folder),
                       .folder = folder / "one",
                       .title = "nothing",
                       .created_by = "test",
                       .licence = "CC0",
                       .attribution = "nobody",
                       .memory = 1};
  const BuildResult one = build_index(request);
  CHECK(!one.resumed);
  const std::string page = page_of(folder / "one");
  for (const char* part :
       {"<dt>articles</dt><dd>2940</dd>", "<th scope=\"row\">duplicate</th><td class=\"number\">30</td>",
        "T7 (corpus.jsonl, row 8); T107 (corpus.jsonl, row 108)",
        "<th scope=\"row\">empty</th><td class=\"number\">30</td>", "<th scope=\"row\">corpus.jsonl</th>",
        "<th scope=\"row\">licence</th><td>CC0</td>", "words 130"})
    CHECK_THAT(page, ContainsSubstring(part));
  CHECK_THAT(page, ContainsSubstring(one.manifest.identity));

  request.folder = folder / "two";
  int asked = 0;
  request.stop = [&] { return ++asked > 2500; };
  CHECK_THROWS_AS(build_index(request), Stopped);
  request.stop = nullptr;
  CHECK(build_index(request).resumed);
  CHECK((page_of(folder / "two") == page));
}

TEST_CASE("an index that was made of no files has a page too; a damaged one has none") {
  const TemporaryFolder folder;
  SmallIndex small;
  small.add_article("one", "Title", "Some text.", {{0, 10, {"some", "text"}}});
  small.write(folder.path(), {.analyser = no_analyser()});
  const std::string page = page_of(folder.path());
  CHECK_THAT(page, ContainsSubstring("<dt>passages</dt><dd>1</dd>"));
  CHECK_THAT(page, !ContainsSubstring("<h2>Corpus</h2>"));
  fs::resize_file(folder / "shard_00.lengths", 20);
  CHECK_THROWS_WITH(page_of(folder.path()), ContainsSubstring("shard_00.lengths"));
}

// Building: the same bytes whatever happens on the way.
#include "retrieval/build/build_index.hpp"
#include "retrieval/build/merge.hpp"
#include "retrieval/index/passage_index.hpp"
#include "retrieval/index/verify_index.hpp"
#include "support/errors.hpp"
#include "support/files/files.hpp"
#include "temporary_folder.hpp"

#include <cmath>
#include <map>
#include <random>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace sciexam;
using namespace sciexam::test;
using Catch::Matchers::ContainsSubstring;

namespace {

namespace fs = std::filesystem;

/// Sentences of words that are as unevenly frequent as in real texts.
std::string random_text(std::mt19937& random, int sentences) {
  std::string text;
  for (int s = 0; s < sentences; ++s) {
    for (int w = 0; w < 12; ++w) {
      const double u = std::uniform_real_distribution<>(0, 1)(random);
      text += (w == 0 ? "Word" : " word") + std::to_string(static_cast<int>(std::pow(5000.0, u)));
    }
    text += s % 7 == 6 ? ".\n" : ". ";
  }
  return text;
}

/// `articles` articles in two files of JSON lines, some of them doubled or empty.
std::vector<fs::path> write_corpus(const TemporaryFolder& folder, int articles) {
  std::mt19937 random(7);
  std::string first, files[2];
  for (int i = 0; i < articles; ++i) {
    const std::string text = i % 50 == 17 ? first : i % 50 == 18 ? std::string(" ") : random_text(random, 5 + i % 60);
    files[i < articles / 3 ? 0 : 1] +=
        Json{{"id", "a" + std::to_string(i)}, {"title", "Title " + std::to_string(i)}, {"text", text}}.dump() + "\n";
    if (i == 0)
      first = text; // its doubles come long after it: a resumed build must know it
  }
  write_file_atomically(folder / "1.jsonl", files[0]);
  write_file_atomically(folder / "2.jsonl", files[1]);
  return {folder / "1.jsonl", folder / "2.jsonl"};
}

std::map<std::string, std::string> contents(const fs::path& folder) {
  std::map<std::string, std::string> files;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder))
    files[entry.path().filename().string()] = entry.is_regular_file() ? read_text_file(entry.path()) : "a folder";
  return files;
}

BuildRequest request_for(const std::vector<fs::path>& files, const fs::path& folder) {
  return {.files = files, .folder = folder, .title = "test", .created_by = "test", .licence = "none"};
}

} // namespace

TEST_CASE("an index has the same bytes for any number of threads, any memory, and after being stopped anywhere") {
  const TemporaryFolder folder;
  const std::vector<fs::path> corpus = write_corpus(folder, 2500); // some 7 MB: several runs of 1 MiB
  BuildRequest request = request_for(corpus, folder / "one");
  const BuildResult one = build_index(request);
  CHECK(one.counts.articles == one.manifest.counts.articles);
  CHECK(one.manifest.counts.passages > one.manifest.counts.articles);
  CHECK(verify_index(PackageFiles::in_folder(folder / "one")).empty());
  const std::map<std::string, std::string> expected = contents(folder / "one");
  CHECK(!expected.contains("building"));

  for (const auto& [threads, memory] : {std::pair(1, 1), {3, 1}, {2, 1 << 30}}) {
    const fs::path out = folder / ("t" + std::to_string(threads) + "m" + std::to_string(memory));
    request.folder = out;
    request.threads = threads;
    request.memory = static_cast<std::uint64_t>(memory);
    build_index(request);
    CHECK((contents(out) == expected));
  }

  std::mt19937 random(3);
  request.folder = folder / "stopped";
  request.threads = 2;
  request.memory = 1;
  int stops = 0;
  for (bool done = false; !done;) {
    const int questions = std::uniform_int_distribution<>(1, 2000)(random) + 400 * stops;
    int asked = 0;
    request.stop = [&] { return ++asked > questions; };
    try {
      const BuildResult result = build_index(request);
      CHECK(result.manifest.identity == one.manifest.identity);
      CHECK(result.counts.dropped.at("duplicate").documents == one.counts.dropped.at("duplicate").documents);
      done = true;
    } catch (const Stopped&) {
      ++stops;
      CHECK(!fs::exists(request.folder / "index.json"));
    }
  }
  CHECK(stops >= 2);
  CHECK((contents(request.folder) == expected));
}

TEST_CASE("what is left out of an index is counted, with examples") {
  const TemporaryFolder folder;
  const BuildResult result = build_index(request_for(write_corpus(folder, 200), folder / "index"));
  CHECK(result.counts.articles == 192);
  REQUIRE(result.counts.dropped.contains("duplicate"));
  CHECK(result.counts.dropped.at("duplicate").documents == 4);
  CHECK(result.counts.dropped.at("duplicate").examples.front() == "Title 17 (1.jsonl, row 18)");
  CHECK(result.counts.dropped.at("empty").documents == 4);
  CHECK(result.manifest.corpus["dropped"]["duplicate"]["documents"] == 4);
  CHECK(result.manifest.corpus["files"][1]["name"] == "2.jsonl");
}

TEST_CASE("an index's folder must be new, or of the same build") {
  const TemporaryFolder folder;
  BuildRequest request = request_for(write_corpus(folder, 30), folder / "index");
  int asked = 0;
  request.stop = [&] { return ++asked > 10; };
  CHECK_THROWS_AS(build_index(request), Stopped);
  request.stop = nullptr;
  request.cutter.words = 50;
  CHECK_THROWS_WITH(build_index(request), ContainsSubstring("with other settings"));
  request.cutter.words = CutterSettings().words;
  build_index(request);
  CHECK_THROWS_WITH(build_index(request), ContainsSubstring("has an index already"));
  fs::create_directory(folder / "mine");
  write_file_atomically(folder / "mine/thesis.txt", "x");
  request.folder = folder / "mine";
  CHECK_THROWS_WITH(build_index(request), ContainsSubstring("has thesis.txt in it"));
  CHECK(!fs::exists(folder / "mine/building"));
}

TEST_CASE("a corpus without an article is an error") {
  const TemporaryFolder folder;
  write_file_atomically(folder / "empty.jsonl", R"({"title": "a", "text": " "})");
  CHECK_THROWS_WITH(build_index(request_for({folder / "empty.jsonl"}, folder / "index")),
                    ContainsSubstring("has no article"));
  CHECK(!fs::exists(folder / "index/building"));
}

TEST_CASE("what was replaced in a corpus and its newest article are recorded") {
  const TemporaryFolder folder;
  write_file_atomically(
      folder / "dump.json",
      "{\"index\":{\"_id\":\"1\"}}\n"
      "{\"title\":\"A\",\"text\":\"one \xff text\",\"namespace\":0,\"timestamp\":\"2024-03-01T00:00:00Z\"}\n"
      "{\"index\":{\"_id\":\"2\"}}\n"
      "{\"title\":\"B\",\"text\":\"another\",\"namespace\":0,\"timestamp\":\"2023-05-01T00:00:00Z\"}\n");
  const BuildResult result = build_index(request_for({folder / "dump.json"}, folder / "index"));
  CHECK(result.counts.replaced == 1);
  CHECK(result.manifest.corpus["replaced"] == 1);
  CHECK(result.manifest.corpus["newest"] == "2024-03-01T00:00:00Z");
}

TEST_CASE("a corpus that is cut short or faulty anywhere ends building, and is named with the row") {
  const TemporaryFolder folder;
  const std::vector<fs::path> files = write_corpus(folder, 900); // several runs: the fault comes after the first
  const std::string whole = read_text_file(files[1]);
  for (const auto& [text, problem] : {std::pair(whole.substr(0, whole.size() - 30), "ends in the middle"),
                                      {whole + "no JSON\n", "is no JSON"},
                                      {whole + "{\"title\": \"a\"}\n", "has no member text"}}) {
    write_file_atomically(files[1], text);
    BuildRequest request = request_for(files, folder / ("index " + std::string(problem)));
    request.threads = 3;
    request.memory = 1;
    CHECK_THROWS_WITH(build_index(request), ContainsSubstring("2.jsonl, row 60") && ContainsSubstring(problem));
    CHECK(!fs::exists(request.folder / "index.json"));
  }
}

TEST_CASE("whatever the bytes of a corpus are, its index is sound and finds them") {
  const TemporaryFolder folder;
  const std::string word(1'000'000, 'w');
  std::string spaced;
  while (spaced.size() < 1'000'000)
    spaced += "term" + std::to_string(spaced.size()) + " ";
  std::string text = Json{{"title", word}, {"text", word + " " + word}}.dump() + "\n";
  text += Json{{"title", "NUL"}, {"text", std::string("before\0after", 12)}}.dump() + "\n";
  text += "{\"title\": \"bad \xff\", \"text\": \"caf\xe9 zebra \xed\xa0\x80 \\ud800\"}\n";
  text += Json{{"title", ""}, {"text", spaced}}.dump() + "\n";
  text += Json{{"title", "no word"}, {"text", "... --- ... \xE2\x80\x8B"}}.dump() + "\n";
  write_file_atomically(folder / "corpus.jsonl", text);
  const BuildResult result = build_index(request_for({folder / "corpus.jsonl"}, folder / "index"));
  CHECK(result.counts.articles == 5);
  CHECK(result.counts.replaced > 0);
  const PackageFiles files = PackageFiles::in_folder(folder / "index");
  CHECK(verify_index(files).empty());
  const PassageIndex index(files, nullptr);
  for (const char* term : {"zebra", "befor", "term6"})
    CHECK(index.terms().find(term).has_value());
}

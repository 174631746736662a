#include "package/manifest.hpp"
#include "retrieval/index/passage_index.hpp"
#include "retrieval/index/small_pieces.hpp"
#include "retrieval/index/verify_index.hpp"
#include "retrieval/zipf_index.hpp"
#include "support/errors.hpp"
#include "temporary_folder.hpp"

#include <set>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace sciexam;
using namespace sciexam::test;
using Catch::Matchers::ContainsSubstring;

namespace {

PackageFiles files_in(const TemporaryFolder& folder) {
  return PackageFiles::in_folder(folder.path());
}

std::set<std::string> names_in(const std::filesystem::path& folder) {
  std::set<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    names.insert(entry.path().filename().string());
  return names;
}

} // namespace

TEST_CASE("the texts of passages come back, with id and title of their article") {
  const TemporaryFolder folder;
  SmallIndex small;
  const std::string text = std::string(20000, 'x') + "first. " + std::string(30000, 'y') + "second.";
  small.add_article("one", "The title", text, {{20000, 6, {"first"}}, {19990, 30024, {"second"}}});
  small.add_article("empty", "", "", {});
  small.add_article("\xC3\xA9", "Other", "third", {{0, 5, {"third"}}});
  small.write(folder.path(), {.analyser = no_analyser()});
  const PassageIndex index(files_in(folder), no_analyser());
  TextReader reader(index.texts());
  const PassageText first = reader.passage(0), second = reader.passage(1), third = reader.passage(2);
  CHECK(first.text == "first.");
  CHECK(first.id == "one");
  CHECK(first.title == "The title");
  CHECK(first.begin == 20000);
  CHECK(first.article_bytes == text.size());
  CHECK(second.text == text.substr(19990, 30024));
  CHECK(third.text == "third");
  CHECK(third.id == "\xC3\xA9");
  CHECK(third.article == 2);
  CHECK(reader.article_text(0, 20000, 6) == "first.");
  CHECK(reader.article_text(0, text.size() - 3, 100) == "nd.");
  CHECK(reader.article_text(1, 0, 100).empty());
  CHECK_THROWS_AS(reader.passage(3), PackageError);
  CHECK_THROWS_AS(reader.article_text(3, 0, 1), PackageError);
}

TEST_CASE("texts come back with a trained dictionary, and the bytes do not depend on the threads or the run") {
  const TemporaryFolder folder, again;
  const ZipfSettings settings = {.passages = 4000, .shard_passages = 1500};
  write_zipf_index(folder.path(), settings);
  write_zipf_index(again.path(), settings);
  CHECK(names_in(folder.path()).contains("texts.dictionary"));
  CHECK(names_in(folder.path()) == names_in(again.path()));
  for (const std::string& name : names_in(folder.path())) {
    INFO(name);
    CHECK(read_text_file(folder / name) == read_text_file(again / name));
  }
  CHECK(verify_index(files_in(folder)).empty());
}

TEST_CASE("a flipped bit anywhere in any file is found, and verify names the file") {
  const TemporaryFolder folder;
  write_zipf_index(folder.path(), {.passages = 700, .shard_passages = 400, .most_length = 60});
  REQUIRE(verify_index(files_in(folder)).empty());
  for (const std::string& name : names_in(folder.path())) {
    const std::uint64_t size = std::filesystem::file_size(folder / name);
    for (const std::uint64_t byte : {std::uint64_t{0}, std::uint64_t{9}, size / 3, size / 2, size - 6, size - 1}) {
      INFO(name << ", byte " << byte);
      flip_bit_of(folder / name, byte);
      const std::vector<std::string> findings = verify_index(files_in(folder));
      REQUIRE(!findings.empty());
      CHECK_THAT(findings[0], ContainsSubstring(name));
      flip_bit_of(folder / name, byte);
    }
  }
}

TEST_CASE("a missing shard is left out, a missing dictionary, text or manifest is an error") {
  const TemporaryFolder folder;
  write_zipf_index(folder.path(), {.passages = 700, .shard_passages = 400});
  for (const std::string& name : names_in(folder.path())) {
    INFO(name);
    std::filesystem::rename(folder / name, folder / "elsewhere");
    if (name.starts_with("shard_")) {
      const PassageIndex index(files_in(folder), no_analyser());
      REQUIRE(index.left_out().size() == 1);
      CHECK_THAT(index.left_out()[0].reason, ContainsSubstring(name) && ContainsSubstring("missing"));
      CHECK(index.shard(index.left_out()[0].shard) == nullptr);
      CHECK(index.shard(1 - index.left_out()[0].shard) != nullptr);
    } else {
      CHECK_THROWS_WITH(PassageIndex(files_in(folder), no_analyser()), ContainsSubstring(name));
    }
    std::filesystem::rename(folder / "elsewhere", folder / name);
  }
  CHECK_NOTHROW(PassageIndex(files_in(folder), no_analyser()));
}

TEST_CASE("an index of another analyser or version is refused, and one that was edited") {
  const TemporaryFolder folder;
  write_zipf_index(folder.path(), {.passages = 50});
  CHECK_NOTHROW(PassageIndex(files_in(folder), nullptr));
  CHECK_THROWS_WITH(PassageIndex(files_in(folder), no_analyser(2)),
                    ContainsSubstring("made with the analyser " + no_analyser(1).dump()) &&
                        ContainsSubstring("has " + no_analyser(2).dump()));
  const std::string text = read_text_file(folder / "index.json");
  std::string edited = text;
  edited.replace(edited.find("random"), 6, "Random");
  CHECK_THROWS_WITH(parse_index_manifest(edited, "index.json"), ContainsSubstring("manifest_sha256"));
  CHECK_THROWS_WITH(parse_index_manifest("{}", "index.json"), ContainsSubstring("format"));
  CHECK_THROWS_WITH(parse_index_manifest("", "index.json"), ContainsSubstring("JSON"));
  const IndexManifest manifest = parse_index_manifest(text, "index.json");
  CHECK(write_index_manifest(manifest) == text);
  Json newer = Json::parse(text); // with an identity that fits: of a later program
  newer["version"] = kIndexVersion + 1;
  newer["manifest_sha256"] = manifest_identity(newer);
  CHECK_THROWS_WITH(parse_index_manifest(newer.dump(), "index.json"),
                    ContainsSubstring("is of version " + std::to_string(kIndexVersion + 1) + " of the index format"));
}

TEST_CASE("an index in memory is read as one in a folder") {
  const TemporaryFolder folder;
  write_zipf_index(folder.path(), {.passages = 300});
  std::map<std::string, std::string> contents;
  std::map<std::string, std::span<const std::byte>> files;
  for (const std::string& name : names_in(folder.path())) {
    contents[name] = "?" + read_text_file(folder / name); // at odd addresses
    files[name] = bytes_of(contents[name]).subspan(1);
  }
  const PackageFiles memory = PackageFiles::in_memory("(inside)", files);
  CHECK(verify_index(memory).empty());
  const PassageIndex inside(memory, no_analyser()), outside(files_in(folder), no_analyser());
  const Query query = {{"t1"}, {"t9"}};
  CHECK(Searcher(inside).search(std::span(&query, 1), 9).hits ==
        Searcher(outside).search(std::span(&query, 1), 9).hits);
  files.erase("terms.bin");
  CHECK_THROWS_WITH(PassageIndex(PackageFiles::in_memory("(inside)", files), nullptr),
                    ContainsSubstring("terms.bin") && ContainsSubstring("missing"));
}

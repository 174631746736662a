// A passage index that is damaged, incomplete or another's: the run goes on, says so, and is degraded.
#include "end_to_end/place.hpp"
#include "package/manifest.hpp"
#include "support/text/json.hpp"

#include <filesystem>
#include <functional>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace sciexam;
using namespace sciexam::test;
using Catch::Matchers::ContainsSubstring;

namespace {

namespace fs = std::filesystem;

constexpr const char* kTwoArticles = R"({"title": "Water", "text": "Water is made of hydrogen and oxygen: H2O."}
{"title": "Sun", "text": "The Sun is the largest body of the solar system. Mars is small."}
)";

/// The demo's package, an exam, and an index of two articles.
struct IndexedPlace : Place {
  IndexedPlace() {
    write_bytes(*this / "corpus.jsonl", kTwoArticles);
    const ProgramResult built = sciexam_run({"index", "--corpus", *this / "corpus.jsonl", "--out", *this / "index"});
    INFO(built.err);
    REQUIRE(built.status == 0);
  }
  ProgramResult run() const { return run_command(command({"--index", *this / "index"})); }
};

void check_degraded(const IndexedPlace& place, const std::string& sentence, const std::string& name) {
  const ProgramResult run = place.run();
  INFO(name << "\n" << run.out << run.err);
  CHECK(run.status == 3);
  CHECK_THAT(run.out, ContainsSubstring("degraded: " + sentence) && ContainsSubstring(name));
  CHECK(is_whole(place.submission()));
}

/// Of a program that makes other indexes: with an identity that fits.
void edit_manifest(const fs::path& file, const std::function<void(Json&)>& edit) {
  Json manifest = Json::parse(read_bytes(file));
  edit(manifest);
  manifest["manifest_sha256"] = manifest_identity(manifest);
  write_bytes(file, manifest.dump());
}

} // namespace

TEST_CASE("a file of the index that is missing, cut or has a flipped bit is named; a shard is left out") {
  const IndexedPlace place;
  REQUIRE(place.run().status == 0);
  for (const fs::directory_entry& entry : fs::directory_iterator(place / "index")) {
    const std::string name = entry.path().filename().string();
    const std::string bytes = read_bytes(entry.path());
    const std::string sentence =
        name.starts_with("shard_") ? "the index answers without 2 passages: " : "the passage index is not used: ";
    write_bytes(entry.path(), bytes.substr(0, bytes.size() - 1));
    if (name == "index.json") // its last byte is a line's end
      write_bytes(entry.path(), bytes.substr(0, bytes.size() / 2));
    check_degraded(place, sentence, name);
    std::string flipped = bytes;
    flipped[flipped.size() - 1] = static_cast<char>(flipped[flipped.size() - 1] ^ 1);
    if (name == "index.json")
      flipped[flipped.size() / 2] = static_cast<char>(flipped[flipped.size() / 2] ^ 1);
    write_bytes(entry.path(), flipped);
    check_degraded(place, sentence, name);
    if (name != "index.json") {
      fs::remove(entry.path());
      check_degraded(place, sentence, name);
    }
    write_bytes(entry.path(), bytes);
  }
  CHECK(place.run().status == 0);
}

TEST_CASE("an index of another version or analyser is not used") {
  const IndexedPlace place;
  const fs::path manifest = place / "index" / "index.json";
  const std::string bytes = read_bytes(manifest);
  edit_manifest(manifest, [](Json& index) { index["version"] = 7; });
  check_degraded(place, "the passage index is not used: ", "is of version 7 of the index format");
  write_bytes(manifest, bytes);
  edit_manifest(manifest, [](Json& index) { index["analyser"]["settings"]["stems"] = false; });
  check_degraded(place, "the passage index is not used: ", "was built with the analyser");
}

TEST_CASE("a question without a known term is answered as without an index") {
  const IndexedPlace place;
  write_bytes(place / "test.csv", "id,prompt,A,B,C,D,E\nx,xylophone,aa,bb,cc,dd,ee\ny,,a,b,c,d,e\n");
  const ProgramResult run = place.run();
  INFO(run.out << run.err);
  CHECK(run.status == 0);
  CHECK(is_whole(place.submission()));
}

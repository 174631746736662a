// Training open book: an index, contexts from it, and runs that draw from them.
#include "end_to_end/school.hpp"

#include <algorithm>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace sciexam;
using namespace sciexam::test;
using Catch::Matchers::ContainsSubstring;

namespace {

namespace fs = std::filesystem;
using nlohmann::json;

std::string index_sha256(const School& school) {
  return json::parse(read_bytes(school / "index/index.json"))["manifest_sha256"];
}

} // namespace

TEST_CASE("what contexts were retrieved with is in the lock, the checkpoint and the report, and can be trained again") {
  School school;
  school.open_the_book();
  const ProgramResult run = school.train("out", {"--run", "0"});
  INFO(run.err);
  REQUIRE(run.status == 0);
  CHECK_THAT(run.err, ContainsSubstring("exam.csv: its contexts are of index " + index_sha256(school).substr(0, 12) +
                                        " (options), all-options, fusion best, top 1, 3 contexts"));
  const json lock = school.lock("out"), retrieval = lock["data"][0]["retrieval"];
  CHECK(retrieval["index"]["sha256"] == index_sha256(school));
  CHECK(retrieval["index"]["analyser"]["name"].is_string());
  CHECK(retrieval["settings"]["contexts"] == 3);
  CHECK(retrieval["out"]["sha256"] == lock["data"][0]["sha256"]);
  CHECK(lock["warnings"].empty());
  CHECK(lock["manifest"]["runs"][0]["settings"]["contexts_per_question"] == 3);
  CHECK(json::parse(read_bytes(school / "out/run_0/last/training.json"))["data"][0]["retrieval"] == retrieval);
  CHECK_THAT(read_bytes(school / "out/report.html"), ContainsSubstring("contexts of exam.csv"));
  const ProgramResult again = sciexam_run({"train", "--check", school / "out/lock.json", "--base", school / "base",
                                           "--data", school / "data", "--out", school / "again"});
  INFO(again.err);
  CHECK(again.status == 0);
  CHECK_THAT(again.out, ContainsSubstring("run_0: the same weights"));
}

TEST_CASE("contexts are drawn alike on any number of threads, and others than the first alone") {
  School school;
  school.open_the_book();
  REQUIRE(school.train("one", {"--run", "0"}).status == 0);
  std::vector<std::string> on_two = school.arguments("two", {"--run", "0"});
  *(std::find(on_two.begin(), on_two.end(), "--threads") + 1) = "2";
  REQUIRE(sciexam_run(on_two).status == 0);
  REQUIRE(school.train("first", {"--run", "0", "--contexts-per-question", "1"}).status == 0);
  const auto tokens = [&](const char* out) { return school.lock(out)["runs"][0]["tokens"]; };
  CHECK(tokens("one") == tokens("two"));
  CHECK(tokens("one") != tokens("first"));
  CHECK(weights_of(school.lock("one")) != weights_of(school.lock("first")));
}

TEST_CASE("a manifest that names another index refuses the data before anything is trained") {
  School school;
  school.open_the_book();
  school.manifest()["data"][0]["retrieval"] = {{"index_sha256", index_sha256(school)}};
  school.save();
  REQUIRE(school.train("right", {"--run", "0"}).status == 0);
  school.manifest()["data"][0]["retrieval"] = {{"index_sha256", std::string(64, '0')}};
  school.save();
  const ProgramResult wrong = school.train("wrong", {"--run", "0"});
  CHECK(wrong.status == 2);
  CHECK_THAT(wrong.err, ContainsSubstring("exam.csv: has contexts of the index " + index_sha256(school)));
  CHECK_FALSE(fs::exists(school / "wrong/run_0"));
}

TEST_CASE("a record of an earlier file is named and not used") {
  School school;
  school.open_the_book();
  write_bytes(school / "data/exam.csv", read_bytes(school / "data/exam.csv") + "\n");
  const ProgramResult run = school.train("out", {"--run", "0"});
  INFO(run.err);
  REQUIRE(run.status == 0);
  const json lock = school.lock("out");
  CHECK_FALSE(lock["data"][0].contains("retrieval"));
  CHECK_THAT(lock["warnings"].dump(), ContainsSubstring("exam.csv.retrieval.json: is not used"));
}

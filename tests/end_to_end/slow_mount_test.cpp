// An index on a mount that is slow, or answers no more: the run keeps its time all the same.
#include "end_to_end/place.hpp"
#include "stalling_mount.hpp"

#include <atomic>
#include <chrono>
#include <memory>
#include <random>
#include <sstream>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace sciexam::test;
using Catch::Matchers::ContainsSubstring;

namespace {

namespace fs = std::filesystem;

constexpr int kSlowExam = 4000;
constexpr int kDelayMs = 100;
constexpr int kSlowLimit = 12; // seconds; a quarter of it is for the index
#ifdef SCIEXAM_SANITIZED
constexpr double kSlowGrace = 15; // for all that is outside of the run's own clock: starting, writing
#else
constexpr double kSlowGrace = 3;
#endif

/// Several megabytes of articles that compress badly: not much of them is read ahead.
void write_slow_index(const Place& place) {
  std::mt19937 random(1);
  std::string text;
  for (int article = 0; article < 6000; ++article) {
    text += R"({"title": "T)" + std::to_string(article) + R"(", "text": ")";
    for (int word = 0; word < 120; ++word)
      text += "w" + std::to_string(random() % 20'000) + (word % 12 == 11 ? ". " : " ");
    text += "\"}\n";
  }
  write_bytes(place / "corpus.jsonl", text);
  const ProgramResult built = sciexam_run({"index", "--corpus", place / "corpus.jsonl", "--out", place / "index"});
  INFO(built.err);
  REQUIRE(built.status == 0);
}

std::string slow_exam() {
  std::mt19937 random(2);
  std::string text = "id,prompt,A,B,C,D,E\n";
  for (int i = 0; i < kSlowExam; ++i) {
    text += std::to_string(i) + ",What is";
    for (int word = 0; word < 6; ++word)
      text += " w" + std::to_string(random() % 20'000);
    for (int option = 0; option < 5; ++option)
      text += ",w" + std::to_string(random() % 20'000);
    text += "\n";
  }
  return text;
}

int rows_in_order(const std::string& submission) {
  std::istringstream lines(submission);
  std::string line;
  std::getline(lines, line);
  CHECK(line == "id,prediction");
  int rows = 0;
  for (; std::getline(lines, line); ++rows)
    if (!line.starts_with(std::to_string(rows) + ",") || line.size() != std::to_string(rows).size() + 6)
      FAIL("row " << rows << ": " << line);
  return rows;
}

/// What reads of the index's files become.
struct Trouble {
  std::string file; ///< of files whose names begin so
  int reads_before; ///< so many are answered, of each run
  ReadFate fate;
  std::string said; ///< by the run
};

} // namespace

TEST_CASE("an exam of 4,000 whose index is on a mount that is slow or stalls is answered in time", "[long]") {
  const Trouble trouble = GENERATE(
      Trouble{"", 0, ReadFate::stalled, "degraded: no passage index is used: looking for one took too long"},
      Trouble{"terms", 0, ReadFate::stalled, "degraded: the passage index is not used: reading it took too long"},
      Trouble{"shard", 4, ReadFate::stalled, "degraded: there was no time to search passages for "},
      Trouble{"texts.bin", 2, ReadFate::stalled, "degraded: there was no time to search passages for "},
      Trouble{"", 0, ReadFate::delayed, "degraded: there was no time to search passages for "});
  const Place place;
  write_slow_index(place);
  write_bytes(place / "test.csv", slow_exam());
  fs::create_directory(place / "mount");
  const auto reads = std::make_shared<std::atomic<int>>(0);
  const auto mount = StallingMount::at(
      place / "mount", place / "index",
      [reads, trouble](const std::string& file) {
        return file.starts_with(trouble.file) && ++*reads > trouble.reads_before ? trouble.fate : ReadFate::answered;
      },
      kDelayMs);
  if (!mount)
    SKIP("no file system can be mounted here");
  const auto begin = std::chrono::steady_clock::now();
  const ProgramResult run =
      run_command(place.command({"--index", place / "mount", "--time-limit", std::to_string(kSlowLimit) + "s"}));
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  INFO(trouble.said << ", " << *reads << " reads, " << seconds << " s\n" << run.out << run.err);
  CHECK(seconds < kSlowLimit + kSlowGrace);
  CHECK(run.status == 3);
  CHECK_THAT(run.out, ContainsSubstring(trouble.said));
  CHECK(*reads > trouble.reads_before);
  CHECK(rows_in_order(place.submission()) == kSlowExam);
  CHECK(((mount->stalled() > 0) == (trouble.fate == ReadFate::stalled)));
}

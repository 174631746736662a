// Runs that have too little time, or are ended from outside: a complete submission is there all the same.
#include "end_to_end/program.hpp"
#include "temporary_folder.hpp"

#include <chrono>
#include <random>
#include <regex>
#include <sstream>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace sciexam::test;
using Catch::Matchers::ContainsSubstring;

namespace {

#ifdef SCIEXAM_SANITIZED
constexpr double kSlowness = 4; // of everything outside the run's own clock: starting, reading, writing
#else
constexpr double kSlowness = 1;
#endif
constexpr int kQuestions = 12'000; // of which the small package's models answer a few hundred a second

/// An exam that takes the three models half a minute or more.
std::string long_exam() {
  std::string text = "id,prompt,A,B,C,D,E\n";
  for (int i = 0; i < kQuestions; ++i) {
    const std::string n = std::to_string(i);
    text += "q" + n + ",Which statement describes sample " + n + " best?,It is a gas at room temperature and burns " +
            "with a blue flame,It is a metal,It dissolves in water,It conducts heat " + n +
            " times better than glass," + "None of its isotopes is stable\n";
  }
  return text;
}

void check_whole(const std::string& submission) {
  static const std::regex row("q[0-9]+,([A-E]) ([A-E]) ([A-E])");
  std::istringstream lines(submission);
  std::string line;
  REQUIRE(std::getline(lines, line));
  CHECK(line == "id,prediction");
  int rows = 0;
  for (std::smatch parts; std::getline(lines, line); ++rows) {
    if (!std::regex_match(line, parts, row) || parts[1] == parts[2] || parts[1] == parts[3] || parts[2] == parts[3])
      FAIL("row " << rows << ": " << line);
    if (line.substr(1, line.find(',') - 1) != std::to_string(rows))
      FAIL("row " << rows << " is out of order: " << line);
  }
  CHECK(rows == kQuestions);
}

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

} // namespace

TEST_CASE("a run that has too little time answers what it can, says what it could not, and ends in time") {
  const TemporaryFolder folder;
  write_bytes(folder / "test.csv", long_exam());
  const auto start = std::chrono::steady_clock::now();
  const ProgramResult run = sciexam_run({"--package", kSmallPackage, "--test", folder / "test.csv", "--output",
                                         folder / "out.csv", "--time-limit", "2s", "--threads", "1"});
  INFO(run.err);
  CHECK(seconds_since(start) < 3 * kSlowness);
  CHECK(run.status == 3);
  CHECK_THAT(run.out,
             ContainsSubstring("degraded: sequences were cut to ") && ContainsSubstring("no model has answered "));
  CHECK_THAT(run.err, ContainsSubstring("tokens/s"));
  check_whole(read_bytes(folder / "out.csv"));
}

TEST_CASE("a run without time for any model says so, and is not a failure") {
  const TemporaryFolder folder;
  write_bytes(folder / "test.csv", long_exam());
  // exec keeps the process and its age: the shell's two seconds count.
  const ProgramResult run =
      run_command({"/bin/sh", "-c", "sleep 2; exec \"$@\"", "sh", program(), "--package", kSmallPackage, "--test",
                   folder / "test.csv", "--output", folder / "out.csv", "--time-limit", "1s"});
  INFO(run.err);
  CHECK(run.status == 3);
  CHECK_THAT(run.out, ContainsSubstring("no model had time"));
  check_whole(read_bytes(folder / "out.csv"));
}

TEST_CASE("SIGTERM and SIGINT end a run within seconds, with what it has") {
  const TemporaryFolder folder;
  write_bytes(folder / "test.csv", long_exam());
  for (const char* signal : {"TERM", "INT"}) {
    const auto start = std::chrono::steady_clock::now();
    const ProgramResult run =
        run_command({"/usr/bin/timeout", "--preserve-status", "-s", signal, "2", program(), "--package", kSmallPackage,
                     "--test", folder / "test.csv", "--output", folder / "out.csv"});
    INFO(signal << "\n" << run.err);
    CHECK(seconds_since(start) < 7);
    CHECK(run.status == 3);
    CHECK_THAT(run.out, ContainsSubstring("degraded: "));
    check_whole(read_bytes(folder / "out.csv"));
  }
}

TEST_CASE("a run that is killed at any moment leaves a complete submission", "[long]") {
  const TemporaryFolder folder;
  write_bytes(folder / "test.csv", long_exam());
  std::mt19937 random(1);
  std::uniform_real_distribution<double> moment(0.5, 4); // the fallback is there after the exam has been read
  for (int i = 0; i < 50; ++i) {
    std::filesystem::remove(folder / "out.csv");
    run_command({"/usr/bin/timeout", "-s", "KILL", std::to_string(moment(random)), program(), "--package",
                 kSmallPackage, "--test", folder / "test.csv", "--output", folder / "out.csv"});
    INFO("kill " << i);
    check_whole(read_bytes(folder / "out.csv"));
  }
}

TEST_CASE("a cascade asks only one model where that one is sure enough") {
  const TemporaryFolder folder;
  write_bytes(folder / "test.csv", "id,prompt,A,B,C,D,E\n1,p,a,b,c,d,e\n2,p,f,g,h,i,j\n");
  const ProgramResult run = sciexam_run({"--package", kSmallPackage, "--test", folder / "test.csv", "--output",
                                         folder / "out.csv", "--probabilities", folder / "p.csv", "--cascade", "0"});
  INFO(run.err);
  CHECK(run.status == 0);
  const std::string probabilities = read_bytes(folder / "p.csv");
  CHECK_THAT(probabilities, ContainsSubstring("1,run_0,") && ContainsSubstring("2,ensemble,"));
  CHECK_THAT(probabilities, !ContainsSubstring("run_1") && !ContainsSubstring("run_2"));
}

TEST_CASE("an invalid time limit is refused") {
  for (const char* limit : {"soon", "0", "5x", "-3", "1h-5m", ""}) {
    const ProgramResult run = sciexam_run({"--time-limit", limit, "--test", "/no/such/test.csv"});
    INFO(limit << "\n" << run.err);
    CHECK(run.status == 2);
  }
}

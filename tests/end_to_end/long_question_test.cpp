// Exams with a question of absurd length: limits are kept, signals heeded, and the other questions answered.
#include "end_to_end/program.hpp"
#include "temporary_folder.hpp"

#include <algorithm>
#include <chrono>
#include <sstream>
#include <vector>

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
constexpr int kQuestions = 30; ///< of usual length
constexpr int kLimit = 15;     ///< seconds: many times what a quiet machine takes

std::string repeated(const std::string& text, int count) {
  std::string all;
  for (int i = 0; i < count; ++i)
    all += text;
  return all;
}

/// Usual questions, and in the middle one with this prompt and context.
std::string exam_with(const std::string& prompt, const std::string& context = {}) {
  std::string text = "id,prompt,A,B,C,D,E,context\n";
  for (int i = 0; i < kQuestions; ++i) {
    const std::string n = std::to_string(i);
    text += "q" + n + ",Which statement describes sample " + n + " best?,It is a gas,It is a metal,It conducts heat " +
            n + " times better than glass,It dissolves,It is stable,\n";
    if (i == kQuestions / 2)
      text += "absurd," + prompt + ",a,b,c,d,e," + context + "\n";
  }
  return text;
}

struct Case {
  const char* name;
  std::string prompt, context = {};
};

std::vector<Case> cases() {
  return {{"100,000 words", repeated("x ", 100'000)},
          {"2,000,000 words", repeated("x ", 2'000'000)},
          {"50,000 pairs of a letter and U+200D", repeated("e\u200D", 50'000)},
          {"a context of a megabyte", "Which gas?", repeated("Plants take up carbon dioxide. ", 33'000)},
          {"20,000 combining marks", "e" + repeated("\u0301", 20'000)},
          {"a word of 100,000 letters", std::string(100'000, 'w')}};
}

std::vector<std::string> arguments(const TemporaryFolder& folder) {
  return {"--package",        kSmallPackage,     "--test",         folder / "test.csv", "--output",
          folder / "out.csv", "--probabilities", folder / "p.csv", "--threads",         "2"};
}

std::size_t count_lines(const std::string& text, const std::string& part) {
  std::istringstream lines(text);
  std::size_t count = 0;
  for (std::string line; std::getline(lines, line);)
    count += line.find(part) != std::string::npos;
  return count;
}

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

} // namespace

TEST_CASE("despite a question of absurd length the limit is kept, and every model answers all other questions") {
  const TemporaryFolder folder;
  for (const Case& one : cases()) {
    write_bytes(folder / "test.csv", exam_with(one.prompt, one.context));
    std::vector<std::string> with_limit = arguments(folder);
    with_limit.insert(with_limit.end(), {"--time-limit", std::to_string(kLimit) + "s"});
    const auto start = std::chrono::steady_clock::now();
    const ProgramResult run = sciexam_run(with_limit);
    INFO(one.name << "\n" << run.out << run.err);
    CHECK(seconds_since(start) < (kLimit + 2) * kSlowness);
    const std::string submission = read_bytes(folder / "out.csv");
    CHECK(count_lines(submission, ",") == kQuestions + 2);
    const std::string probabilities = read_bytes(folder / "p.csv");
    for (const char* model : {"run_0", "run_1", "run_2"}) // the absurd one itself may lack an answer, with its name
      CHECK(count_lines(probabilities, std::string(",") + model + ",") >= kQuestions);
    if (run.status == 3)
      CHECK_THAT(run.out, ContainsSubstring("absurd"));
    else
      CHECK(run.status == 0);
  }
}

TEST_CASE("a question that is cut for its length is named, and the others are answered as without it") {
  const TemporaryFolder folder;
  write_bytes(folder / "test.csv", exam_with("Which gas?"));
  const ProgramResult usual = sciexam_run(arguments(folder));
  REQUIRE(usual.status == 0);
  const std::string expected = read_bytes(folder / "p.csv");
  write_bytes(folder / "test.csv", exam_with(repeated("x ", 100'000)));
  const ProgramResult run = sciexam_run(arguments(folder));
  INFO(run.out << run.err);
  CHECK(run.status == 3);
  CHECK_THAT(run.out, ContainsSubstring("degraded: 1 question had too much text, of which the models saw the first "
                                        "8192 tokens for each option: absurd\n"));
  const auto without_absurd = [](const std::string& text) {
    std::istringstream lines(text);
    std::string kept;
    for (std::string line; std::getline(lines, line);)
      if (!line.starts_with("absurd,"))
        kept += line + "\n";
    return kept;
  };
  CHECK(without_absurd(read_bytes(folder / "p.csv")) == without_absurd(expected));
}

TEST_CASE("SIGTERM ends a run in the middle of a question of absurd length") {
  const TemporaryFolder folder;
  std::string exam = "id,prompt,A,B,C,D,E\n";
  for (int i = 0; i < 40; ++i)
    exam += "absurd" + std::to_string(i) + "," + repeated("x ", 100'000) + ",a,b,c,d,e\n";
  write_bytes(folder / "test.csv", exam);
  std::vector<std::string> command = {"/usr/bin/timeout", "--preserve-status", "-s", "TERM", "5", program()};
  const std::vector<std::string> rest = arguments(folder);
  command.insert(command.end(), rest.begin(), rest.end());
  const auto start = std::chrono::steady_clock::now();
  const ProgramResult run = run_command(command);
  INFO(run.out << run.err);
  CHECK(seconds_since(start) < 5 + 3 * kSlowness);
  CHECK(run.status == 3);
  CHECK(count_lines(read_bytes(folder / "out.csv"), ",") == 41);
}

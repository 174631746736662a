#include "exam/question_hash.hpp"
#include "support/errors.hpp"
#include "support/files/files.hpp"
#include "temporary_folder.hpp"
#include "train/teacher/probability_table.hpp"

#include <cmath>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace sciexam;
using Catch::Matchers::ContainsSubstring;
using sciexam::test::TemporaryFolder;

namespace {

std::vector<Question> two_questions() {
  std::vector<Question> questions(2);
  questions[0] = {.id = "7", .prompt = "What?", .options = {"a", "b", "c", "d", "e"}, .row = 2};
  questions[1] = {.id = "8", .prompt = "Who?", .options = {"f", "g", "h", "i", "j"}, .row = 3};
  return questions;
}

/// What is said of a table of these rows.
std::string fault(const std::string& text) {
  const TemporaryFolder folder;
  write_file_atomically(folder / "table.csv", text);
  try {
    read_probability_table(folder / "table.csv", two_questions(), "exam.csv");
  } catch (const InputError& error) {
    return error.what();
  }
  return "no fault";
}

} // namespace

TEST_CASE("a table's logits are the logarithms of its probabilities, in the order of the questions") {
  const TemporaryFolder folder;
  write_file_atomically(folder / "table.csv",
                        "id,A,B,C,D,E\n8,0.5,0.25,0.25,0,0\n9,1,0,0,0,0\n7,0.2,0.2,0.2,0.2,0.2\n");
  const std::vector<OptionLogits> logits = read_probability_table(folder / "table.csv", two_questions(), "exam.csv");
  REQUIRE(logits.size() == 2);
  CHECK(std::abs(logits[0][0] - std::log(0.2)) < 1e-6);
  CHECK(std::abs(logits[1][0] - std::log(0.5)) < 1e-6);
  CHECK(std::abs(logits[1][1] - std::log(0.25)) < 1e-6);
  CHECK(std::isfinite(logits[1][3]));
  CHECK(logits[1][3] < -20);
}

TEST_CASE("of a table of several models the ensemble's rows count, and those of the questions that it has") {
  const TemporaryFolder folder;
  std::string text = "id,model,A,B,C,D,E,question_hash\n";
  for (const Question& question : two_questions())
    for (const char* row : {",run_0,1,0,0,0,0,", ",ensemble,0.6,0.1,0.1,0.1,0.1,"})
      text += question.id + row + question_hash(question) + "\n";
  write_file_atomically(folder / "table.csv", text);
  const auto logits = read_probability_table(folder / "table.csv", two_questions(), "exam.csv");
  CHECK(std::abs(logits[1][1] - std::log(0.1)) < 1e-6);
}

TEST_CASE("a table that does not fit the questions is refused, with its row and what to do") {
  CHECK_THAT(fault("id,A,B,C,D\n7,1,0,0,0\n"), ContainsSubstring("the header has no column E"));
  CHECK_THAT(fault("id,A,B,C,D,E\n7,1,0,0,0,0\n"),
             ContainsSubstring("no probabilities for the question \"8\" of exam.csv, row 3"));
  CHECK_THAT(fault("id,A,B,C,D,E\n7,1,0,0,0,0\n7,1,0,0,0,0\n"),
             ContainsSubstring("row 3") && ContainsSubstring("has an earlier row"));
  CHECK_THAT(fault("id,A,B,C,D,E\n7,0.5,0,0,0,0\n"), ContainsSubstring("add up to 0.5"));
  CHECK_THAT(fault("id,A,B,C,D,E\n7,-0.5,1.5,0,0,0\n"), ContainsSubstring("\"-0.5\" is not a probability"));
  CHECK_THAT(fault("id,A,B,C,D,E\n7,nan,1,0,0,0\n"), ContainsSubstring("\"nan\" is not a probability"));
  CHECK_THAT(fault("id,A,A,B,C,D,E\n7,1,1,0,0,0,0\n"), ContainsSubstring("names A twice"));
  std::vector<Question> other = two_questions();
  other[0].options[4] = "another";
  CHECK_THAT(fault("id,A,B,C,D,E,question_hash\n7,1,0,0,0,0," + question_hash(other[0]) + "\n"),
             ContainsSubstring("row 2") && ContainsSubstring("is not the one of that id in exam.csv, row 2"));
}

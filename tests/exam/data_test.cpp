// The competition's files and public question sets, where they are: SCIEXAM_DATA,
// else ../shared/data beside the checkout.
#include "exam/metrics.hpp"
#include "exam/texts.hpp"

#include <algorithm>
#include <cstdlib>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/matchers/catch_matchers_floating_point.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace sciexam;
using namespace sciexam::test;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::WithinAbs;

namespace {

std::filesystem::path data_file(const std::string& name) {
  const char* given = std::getenv("SCIEXAM_DATA");
  const std::filesystem::path folder =
      given != nullptr ? given : std::filesystem::path(SCIEXAM_SOURCE_DIR) / ".." / "shared" / "data";
  if (!std::filesystem::exists(folder / name))
    SKIP(folder / name << " is not there");
  return folder / name;
}

std::size_t empty_options(const Exam& exam) {
  std::size_t count = 0;
  for (const Question& question : exam.questions)
    count += static_cast<std::size_t>(std::count(question.options.begin(), question.options.end(), ""));
  return count;
}

double map_of_longest(const Exam& exam) {
  std::vector<Ranking> rankings;
  for (const Question& question : exam.questions)
    rankings.push_back(rank_by_length(question));
  return map_at_3(rankings, exam.questions);
}

} // namespace

// The numbers of questions and of empty options were counted with Python's csv module.

TEST_CASE("the competition's labelled questions are read, and the longest option scores 0.5825") {
  const Exam exam = read_exam(data_file("train.csv"));
  CHECK(exam.questions.size() == 200);
  CHECK(exam.has_answers);
  CHECK_FALSE(exam.has_context);
  CHECK(exam.questions.back().id == "199");
  CHECK(empty_options(exam) == 0);
  CHECK_THAT(map_of_longest(exam), WithinAbs(0.5825, 5e-5));
}

TEST_CASE("the competition's test set is read") {
  const Exam exam = read_exam(data_file("test.csv"));
  CHECK(exam.questions.size() == 200);
  CHECK_FALSE(exam.has_answers);
}

TEST_CASE("the 6,000 extra questions are read, and the longest option scores 0.4822") {
  const Exam exam = read_exam(data_file("extra_6000.csv"));
  CHECK(exam.questions.size() == 6000);
  CHECK(empty_options(exam) == 3);
  CHECK_THAT(map_of_longest(exam), WithinAbs(0.4822, 5e-5));
}

TEST_CASE("the 500 extra questions, whose options are in another order, are read") {
  const Exam exam = read_exam(data_file("extra_500.csv"));
  CHECK(exam.questions.size() == 500);
  CHECK(empty_options(exam) == 1);
  CHECK_THAT(map_of_longest(exam), WithinAbs(0.4337, 5e-5)); // measured with Python: sorted by (-len, letter)
}

TEST_CASE("the sets with context are read without ids, and refused where ids are required") {
  const auto [name, count] =
      GENERATE(table<std::string, std::size_t>({{"train_context.csv", 200}, {"stem_1k_context.csv", 1000}}));
  const auto file = data_file(name);
  const Exam exam = read_exam(file, {.id_required = false});
  CHECK(exam.questions.size() == count);
  CHECK(exam.has_context);
  CHECK(exam.has_answers);
  CHECK(
      std::none_of(exam.questions.begin(), exam.questions.end(), [](const Question& q) { return q.context.empty(); }));
  CHECK(exam.questions.back().id == std::to_string(count - 1));
  CHECK_THAT(input_fault([&] { read_exam(file); }), ContainsSubstring("row 1: the header has no column id. "));
}

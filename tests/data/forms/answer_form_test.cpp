#include "data/forms/answer_form.hpp"
#include "data/sets.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace sciexam;
using namespace sciexam::test;
using Catch::Matchers::StartsWith;

namespace {

using Options = std::array<std::string, kOptions>;

const Options kColours = {"Red", "Light green", "Blue", "42", ""};

AnswerForm form_of(const std::vector<std::string>& answers, int option_count = 5, std::optional<int> base = {},
                   const Options& options = kColours) {
  std::vector<AnswerCell> cells;
  for (const std::string& answer : answers)
    cells.push_back({answer, &options});
  return find_answer_form(cells, option_count, base, "set.csv");
}

std::optional<int> parse(AnswerForm form, std::string_view answer) {
  return parse_answer(form, {answer, &kColours});
}

} // namespace

TEST_CASE("letters are recognised in the forms in which people write them") {
  CHECK(form_of({"A", "b", "(C)", "d.", "E)"}) == AnswerForm::letter);
  CHECK(parse(AnswerForm::letter, "B") == 1);
  CHECK(parse(AnswerForm::letter, "b") == 1);
  CHECK(parse(AnswerForm::letter, "(b)") == 1);
  CHECK(parse(AnswerForm::letter, "B.") == 1);
  for (const char* other : {"", "F", "AB", "1", "()", "(", "."})
    CHECK_FALSE(parse(AnswerForm::letter, other));
}

TEST_CASE("numbers count from 0 if there is a 0, from 1 if one is as great as the options are many") {
  CHECK(form_of({"1", "0", "4"}) == AnswerForm::index_from_0);
  CHECK(form_of({"1", "5", "4"}) == AnswerForm::index_from_1);
  CHECK(form_of({"1", "4"}, 4) == AnswerForm::index_from_1);
  CHECK(form_of({"1.0", "0.0"}) == AnswerForm::index_from_0);
  CHECK(parse(AnswerForm::index_from_0, "2.0") == 2);
  CHECK(parse(AnswerForm::index_from_1, "2") == 1);
  CHECK_FALSE(parse(AnswerForm::index_from_1, "0"));
  CHECK_FALSE(parse(AnswerForm::index_from_0, "5"));
  CHECK_FALSE(parse(AnswerForm::index_from_0, "2.5"));
  CHECK_FALSE(parse(AnswerForm::index_from_0, "-1"));
}

TEST_CASE("numbers that do not tell where they begin are refused, unless it is said") {
  CHECK(fault_of([] {
          form_of({"1", "2", "3"});
        }) ==
        "set.csv: its answers are numbers, but none of them tells whether they count from 0 or from 1. Say it with "
        "--answer-base 0 or --answer-base 1");
  CHECK_THAT(fault_of([] { form_of({"0", "5", "3"}); }), StartsWith("set.csv: its answers are numbers from 0 to 5, "));
  CHECK(form_of({"1", "2", "3"}, 5, 0) == AnswerForm::index_from_0);
  CHECK(form_of({"1", "2", "3"}, 5, 1) == AnswerForm::index_from_1);
}

TEST_CASE("texts are recognised, also in other spelling") {
  CHECK(form_of({"Blue", "light  green"}) == AnswerForm::text);
  CHECK(parse(AnswerForm::text, "Blue") == 2);
  CHECK(parse(AnswerForm::text, "LIGHT GREEN.") == 1);
  CHECK_FALSE(parse(AnswerForm::text, "Green"));
  CHECK_FALSE(parse(AnswerForm::text, ""));
}

TEST_CASE("a text that two options have in other spelling is no answer") {
  const Options options = {"pH", "Ph", "x", "y", "z"};
  CHECK(parse_answer(AnswerForm::text, {"pH", &options}) == 0);
  CHECK(parse_answer(AnswerForm::text, {"Ph", &options}) == 1);
  CHECK_FALSE(parse_answer(AnswerForm::text, {"PH", &options}));
}

TEST_CASE("the form of most answers counts, so that one wrong cell does not change it") {
  CHECK(form_of({"A", "B", "7", "C"}) == AnswerForm::letter);
  CHECK(form_of({"0", "1", "A", "2"}) == AnswerForm::index_from_0);
  CHECK(form_of({"Red", "Blue", "A"}) == AnswerForm::text);
}

TEST_CASE("a number that is an option's text in most rows is a text") {
  CHECK(form_of({"3", "5", "1"}, 5, {}, {"1", "2", "3", "4", "5"}) == AnswerForm::text);
}

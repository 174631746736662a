#include "data/forms/answer_form.hpp"
#include "data/sets.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace sciexam;
using namespace sciexam::test;
using Catch::Matchers::StartsWith;

namespace {

using Options = std::vector<std::string>;

const Options kColours = {"Red", "Light green", "Blue", "42", ""};
const AnswerRules kRules = {.file = "set.csv", .option_names = {"a", "optb", "optionc", "choice4", "e"}};

AnswerReading reading_of(const std::vector<std::string>& answers, std::optional<int> base = {},
                         const Options& options = kColours) {
  std::vector<AnswerCell> cells;
  for (const std::string& answer : answers)
    cells.push_back({answer, options});
  AnswerRules rules = kRules;
  rules.base = base;
  return find_answer_form(cells, rules);
}

AnswerForm form_of(const std::vector<std::string>& answers, std::optional<int> base = {},
                   const Options& options = kColours) {
  return reading_of(answers, base, options).form;
}

std::optional<int> parse(AnswerReading reading, std::string_view answer, const Options& options = kColours) {
  return parse_answer(reading, {answer, options}, kRules);
}

std::optional<int> parse(AnswerForm form, std::string_view answer) {
  return parse(AnswerReading{form}, answer);
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

TEST_CASE("numbers count from 0 if one is 0, from 1 if one equals the number of options") {
  CHECK(form_of({"1", "0", "4"}) == AnswerForm::index_from_0);
  CHECK(form_of({"1", "5", "4"}) == AnswerForm::index_from_1);
  CHECK(form_of({"1", "4"}, {}, {"w", "x", "y", "z"}) == AnswerForm::index_from_1);
  CHECK(form_of({"1.0", "0.0"}) == AnswerForm::index_from_0);
  CHECK(parse(AnswerForm::index_from_0, "2.0") == 2);
  CHECK(parse(AnswerForm::index_from_1, "2") == 1);
  CHECK_FALSE(parse(AnswerForm::index_from_1, "0"));
  CHECK_FALSE(parse(AnswerForm::index_from_0, "5"));
  CHECK_FALSE(parse(AnswerForm::index_from_0, "2.5"));
  CHECK_FALSE(parse(AnswerForm::index_from_0, "-1"));
}

TEST_CASE("numbers that do not show whether they begin at 0 or 1 are refused, unless an option says so") {
  CHECK(fault_of([] {
          form_of({"1", "2", "3"});
        }) == "set.csv: its answers are numbers, but none of them shows whether they count from 0 or from 1. Give "
              "--answer-base 0 or --answer-base 1");
  CHECK_THAT(fault_of([] { form_of({"0", "5", "3"}); }), StartsWith("set.csv: its answers are numbers from 0 to 5, "));
  CHECK(form_of({"1", "2", "3"}, 0) == AnswerForm::index_from_0);
  CHECK(form_of({"1", "2", "3"}, 1) == AnswerForm::index_from_1);
}

TEST_CASE("texts are recognised, in another spelling too") {
  CHECK(form_of({"Blue", "light  green"}) == AnswerForm::text);
  CHECK(parse(AnswerForm::text, "Blue") == 2);
  CHECK(parse(AnswerForm::text, "LIGHT GREEN.") == 1);
  CHECK_FALSE(parse(AnswerForm::text, "Green"));
  CHECK_FALSE(parse(AnswerForm::text, ""));
}

TEST_CASE("a text that matches two options in another spelling is not an answer") {
  const Options options = {"pH", "Ph", "x", "y", "z"};
  CHECK(parse({AnswerForm::text}, "pH", options) == 0);
  CHECK(parse({AnswerForm::text}, "Ph", options) == 1);
  CHECK_FALSE(parse({AnswerForm::text}, "PH", options));
}

TEST_CASE("the form of most answers counts, so that one wrong cell does not change it") {
  CHECK(form_of({"A", "B", "7", "C"}) == AnswerForm::letter);
  CHECK(form_of({"0", "1", "A", "2"}) == AnswerForm::index_from_0);
  CHECK(form_of({"Red", "Blue", "A"}) == AnswerForm::text);
}

TEST_CASE("a number that is an option's text in most rows is a text") {
  CHECK(form_of({"3", "5", "1"}, {}, {"1", "2", "3", "4", "5"}) == AnswerForm::text);
}

TEST_CASE("answers that name an option in words are letters") {
  for (const char* answer : {"Option C", "option_c", "optionC",        "C) Blue",
                             "(C) Blue", "C: blue",  "C. Blue",        "C - Blue",
                             "[C]",      "{C}",      "Answer: C",      "The correct answer is C.",
                             "Ans: (c)", "**C**",    "\\boxed{C}",     "option3",
                             "Choice 3", "3) Blue",  "Option 3: Blue", "Right answer: C) Blue"}) {
    CAPTURE(answer);
    CHECK(form_of({answer, answer}) == AnswerForm::letter);
    CHECK(parse(AnswerForm::letter, answer) == 2);
  }
}

TEST_CASE("the name of an option's column is the option") {
  CHECK(form_of({"opt_b", "Choice 4", "choice_4"}) == AnswerForm::letter);
  CHECK(parse(AnswerForm::letter, "opt_b") == 1);
  CHECK(parse(AnswerForm::letter, "choice_4") == 3);
}

TEST_CASE("what only looks like an option's name is not one") {
  for (const char* answer : {"A cat", "A and B", "A, B", "A & B", "Option A and B", "C) Red", "3.5", "Option F",
                             "Options", "Option", "the", "Option 7", "0) Blue", "\xC3\xA9"}) {
    CAPTURE(answer);
    CHECK_FALSE(parse(AnswerForm::letter, answer));
  }
}

TEST_CASE("numbers among letters count from 1, or from 0 if one is 0") {
  const AnswerReading from_1 = reading_of({"A", "B", "3", "B", "5"});
  CHECK(from_1.form == AnswerForm::letter);
  CHECK(parse(from_1, "1") == 0);
  CHECK(parse(from_1, "3") == 2);
  CHECK(parse(from_1, "B") == 1);
  CHECK_FALSE(parse(from_1, "6"));
  CHECK(parse(reading_of({"A", "B", "0", "B"}), "2") == 2);
  CHECK(parse(reading_of({"A", "B", "2", "B"}, 0), "2") == 2);
}

TEST_CASE("ambiguous numbers among letters are rejected") {
  CHECK_FALSE(parse(reading_of({"A", "B", "0", "B", "5", "C", "D"}), "2"));
  // the place of one option, the text of another
  const Options numbers = {"3", "1", "2", "4"};
  CHECK_FALSE(parse(reading_of({"A", "B", "3", "B"}, {}, numbers), "3", numbers));
  CHECK(parse(reading_of({"A", "B", "4", "B"}, {}, numbers), "4", numbers) == 3);
}

TEST_CASE("among letters, an option's text is that option") {
  CHECK(parse(reading_of({"A", "B", "Blue", "B"}), "Blue") == 2);
}

TEST_CASE("letters among numbers stay letters") {
  CHECK(parse(reading_of({"1", "0", "C", "2"}), "C") == 2);
}

TEST_CASE("answers that match nothing among the options are refused") {
  CHECK_THAT(fault_of([] {
               form_of({"Easy", "Hard", "Easy"});
             }),
             StartsWith("set.csv: most of its answers are neither letters nor numbers nor texts of its options (the "
                        "first is \"Easy\"). Check which column holds the answers; "));
}

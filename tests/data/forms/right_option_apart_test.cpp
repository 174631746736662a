#include "data/forms/right_option_apart.hpp"
#include "data/sets.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace sciexam;
using namespace sciexam::test;
using Catch::Matchers::ContainsSubstring;

namespace {

const std::string kHeader = "question,correct_answer,choice_1,choice_2,choice_3\n";
const std::string kNumbers = kHeader + "How many moons has Mars?,2,1,3,4\n"
                                       "How many protons has helium?,2,6,1,8\n"
                                       "What is 9 - 6?,3,5,6,7\n"
                                       "How many hearts has a fish?,1,2,3,4\n";

std::vector<std::string> right_options(const DataSet& data) {
  std::vector<std::string> right;
  for (const Record& record : data.records)
    right.push_back(record.question.options[static_cast<std::size_t>(record.question.answer.value())]);
  return right;
}

} // namespace

TEST_CASE("a right option that is none of the others becomes the first one") {
  const DataSet data = data_of(kHeader + "Which gas do plants take in?,Carbon dioxide,Oxygen,Neon,Helium\n"
                                         "What is the unit of force?,Newton,Joule,Pascal,Watt\n");
  CHECK(right_options(data) == std::vector<std::string>{"Carbon dioxide", "Newton"});
  CHECK(data.records[0].question.options ==
        std::array<std::string, kOptions>{"Carbon dioxide", "Oxygen", "Neon", "Helium", ""});
  CHECK_THAT(data.files[0].form, ContainsSubstring("answers are right options, put before the wrong ones"));
}

TEST_CASE("small numbers that may be places or right options are refused, unless an option says which") {
  CHECK_THAT(fault_of([] { data_of(kNumbers); }),
             ContainsSubstring("set.csv: its answers are small numbers, as its options are: ") &&
                 ContainsSubstring("--answer-base 1 (or 0)") && ContainsSubstring("--right-option-apart"));
  CHECK(right_options(data_of(kNumbers, {.right_option_apart = true})) == std::vector<std::string>{"2", "2", "3", "1"});
  CHECK(right_options(data_of(kNumbers, {.answer_base = 1})) == std::vector<std::string>{"3", "1", "7", "2"});
}

TEST_CASE("many small numbers that never match an option are right options") {
  std::string text = kHeader;
  for (int i = 0; i < 40; ++i) // the numbers rotate, so that the answer is never the text of an option
    text += "Question " + std::to_string(i) + "?," + std::to_string(1 + i % 3) + "," + std::to_string(1 + (i + 1) % 3) +
            "," + std::to_string(1 + (i + 2) % 3) + ",9\n";
  const DataSet data = data_of(text);
  REQUIRE(data.records.size() == 40);
  for (int i = 0; i < 40; ++i)
    CHECK(right_options(data)[static_cast<std::size_t>(i)] == std::to_string(1 + i % 3));
}

TEST_CASE("numbers beside words, and beside large numbers, are places") {
  const std::string header = "question,A,B,C,answer\n";
  CHECK(right_options(data_of(header + "p,x,y,z,3\nq,x,y,z,1\nr,1,3,4,2\n")) ==
        std::vector<std::string>{"z", "x", "3"});
  CHECK(right_options(data_of(header + "p,10,20,30,3\nq,11,22,33,1\nr,100,200,400,2\n")) ==
        std::vector<std::string>{"30", "11", "200"});
}

TEST_CASE("small numbers among right options that stand apart are right options too") {
  const DataSet data =
      data_of(kHeader + "How many moons has Mars?,2,1,3,4\nWho found radium?,Curie,Bohr,Hahn,Rutherford\n"
                        "What is hot?,The Sun,The Moon,Mars,Pluto\n");
  CHECK(right_options(data) == std::vector<std::string>{"2", "Curie", "The Sun"});
}

TEST_CASE("a column of other words is not taken for right options") {
  CHECK_THAT(fault_of([] { data_of("question,A,B,label\np,x,y,Easy\nq,v,w,Hard\n"); }),
             ContainsSubstring("neither letters nor numbers"));
  CHECK_THAT(fault_of([] { data_of("question,A,B,answer\np,x,y,yes\nq,v,w,yes\nr,v,w,yes\ns,v,w,yes\n"); }),
             ContainsSubstring("neither letters nor numbers"));
  CHECK_THAT(fault_of([] { data_of("question,A,B,answer\np,x,y," + std::string(300, 'r') + "\n"); }),
             ContainsSubstring("neither letters nor numbers"));
  CHECK_THAT(fault_of([] { data_of("question,A,B,answer\np,x,y,F\n"); }),
             ContainsSubstring("neither letters nor numbers"));
}

TEST_CASE("an empty cell for the right option apart is no answer") {
  const DataSet data = data_of("question,distractor1,distractor2,correct_answer\np,x,y,\nq,x,y,z\n");
  CHECK(data.records.size() == 1);
  CHECK(data.rejected.at(0).reason == Reason::no_answer);
}

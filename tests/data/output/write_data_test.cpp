#include "data/output/write_data.hpp"
#include "data/sets.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace sciexam;
using namespace sciexam::test;

namespace {

Record complete(std::string id, std::string context = "") {
  Record made = record("Why, \"so\"?\nSay it.", {"1", "2", "", "4", "5"}, 3);
  made.question.id = std::move(id);
  made.question.context = std::move(context);
  return made;
}

} // namespace

TEST_CASE("without contexts and folds the file has the competition's columns and the source") {
  CHECK(data_csv(set_of({complete("7")})) == "id,prompt,A,B,C,D,E,answer,source\n"
                                             "7,\"Why, \"\"so\"\"?\nSay it.\",1,2,,4,5,D,set\n");
}

TEST_CASE("contexts and folds get columns if any question has one") {
  DataSet data = set_of({complete("7"), complete("8", "Since")});
  data.records[0].question.fold = 1;
  data.records[1].question.fold = 0;
  CHECK(data_csv(data) == "id,prompt,A,B,C,D,E,answer,context,source,fold\n"
                          "7,\"Why, \"\"so\"\"?\nSay it.\",1,2,,4,5,D,,set,1\n"
                          "8,\"Why, \"\"so\"\"?\nSay it.\",1,2,,4,5,D,Since,set,0\n");
}

TEST_CASE("further contexts get columns of their own") {
  DataSet data = set_of({complete("7"), complete("8", "Since")});
  data.records[1].question.further_contexts = {"For", "As"};
  CHECK(data_csv(data) == "id,prompt,A,B,C,D,E,answer,context,context_2,context_3,source\n"
                          "7,\"Why, \"\"so\"\"?\nSay it.\",1,2,,4,5,D,,,,set\n"
                          "8,\"Why, \"\"so\"\"?\nSay it.\",1,2,,4,5,D,Since,For,As,set\n");
}

TEST_CASE("the exam's strict reader reads what is written") {
  const TemporaryFolder folder;
  write_data(folder / "train.csv", set_of({complete("7"), complete("8", "Since")}));
  const Exam exam = read_exam(folder / "train.csv");
  REQUIRE(exam.questions.size() == 2);
  CHECK(exam.questions[1].prompt == "Why, \"so\"?\nSay it.");
  CHECK(exam.questions[1].answer == 3);
  CHECK(exam.questions[1].context == "Since");
}

TEST_CASE("what was left out is written with its reason") {
  const TemporaryFolder folder;
  DataSet data = set_of({complete("7")}, "sets/a.csv");
  data.reject(data.records[0], Reason::unknown_answer, "\"F\"");
  write_rejected(folder / "rejected.csv", data);
  CHECK(read_text_file(folder / "rejected.csv") ==
        "file,row,reason,detail,prompt\n"
        "sets/a.csv,2,answer is not an option,\"\"\"F\"\"\",\"Why, \"\"so\"\"?\nSay it.\"\n");
}

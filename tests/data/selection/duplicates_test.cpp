#include "data/selection/duplicates.hpp"
#include "data/sets.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace sciexam;
using namespace sciexam::test;

namespace {

using Options = std::array<std::string, kOptions>;

const Options kTides = {"The Moon", "The wind", "The rivers", "The fish", "The boats"};
const Options kTurned = {"The boats", "The fish", "The Moon", "The wind", "The rivers"};
const Options kOthers = {"A planet", "A star", "A comet", "A rock", "A cloud"};

std::vector<std::string> prompts(const DataSet& data) {
  std::vector<std::string> all;
  for (const Record& record : data.records)
    all.push_back(record.question.prompt);
  return all;
}

HoldOut exam_of(std::vector<Record> records) {
  HoldOut hold_out{"exams/test.csv", {}};
  for (std::size_t i = 0; i < records.size(); ++i) {
    hold_out.questions.push_back(std::move(records[i].question));
    hold_out.rows.push_back(10 * i + 2); // others were skipped
  }
  return hold_out;
}

} // namespace

TEST_CASE("of questions with equal texts the first stays, whatever the order of the options") {
  DataSet data = set_of({record("What makes tides?", kTides, 0), record("What is Mars?", kOthers, 0),
                         record("What makes tides?", kTurned, 2)});
  drop_duplicates(data, {}, {});
  CHECK(prompts(data) == std::vector<std::string>{"What makes tides?", "What is Mars?"});
  REQUIRE(data.rejected.size() == 1);
  CHECK(data.rejected[0].reason == Reason::duplicate);
  CHECK(data.rejected[0].row == 4);
  CHECK(data.rejected[0].detail == "of set.csv, row 2");
}

TEST_CASE("a duplicate with another right answer says so") {
  DataSet data = set_of({record("What makes tides?", kTides, 0), record("What makes tides?", kTurned, 0)});
  drop_duplicates(data, {}, {});
  CHECK(data.rejected.at(0).detail == "of set.csv, row 2, which has another right answer");
}

TEST_CASE("near-duplicates of a hold-out are removed, and listed with it") {
  DataSet data = set_of({record("What makes tides?", kTides, 0), record("What is Mars?", kOthers, 0)});
  const HoldOut exam = exam_of({record("What is a comet?", kOthers, 2), record("what makes TIDES", kTurned, 2)});
  drop_duplicates(data, {&exam, 1}, {.keep_near_duplicates = true});
  CHECK(prompts(data) == std::vector<std::string>{"What is Mars?"});
  CHECK(data.rejected.at(0).reason == Reason::held_out);
  CHECK(data.rejected[0].detail == "similarity 1.00 to test.csv, row 12");
  REQUIRE(data.alike.size() == 1);
  CHECK(data.alike[0].held_out);
  CHECK(data.alike[0].kept == "what makes TIDES");
  CHECK(data.alike[0].dropped_place == "set.csv, row 2");
}

TEST_CASE("a near-duplicate of a question that was itself left out stays") {
  // neighbours share 9 of 11 grams (0.82), the outer ones 8 of 12
  DataSet data =
      set_of({record("b c d e f g h i j k l m n o", kTides, 0), record("c d e f g h i j k l m n o p", kTides, 1),
              record("d e f g h i j k l m n o p q", kTides, 2)});
  drop_duplicates(data, {}, {});
  CHECK(prompts(data) == std::vector<std::string>{"b c d e f g h i j k l m n o", "d e f g h i j k l m n o p q"});
  CHECK(data.rejected.at(0).reason == Reason::near_duplicate);
  CHECK(data.rejected[0].detail == "similarity 0.82 to set.csv, row 2");
}

TEST_CASE("near-duplicates that are kept form one group") {
  DataSet data = set_of({record("b c d e f g h i j k l m n o", kTides, 0), record("What is Mars?", kOthers, 0),
                         record("d e f g h i j k l m n o p q", {"1", "2", "3", "4", "5"}, 0),
                         record("c d e f g h i j k l m n o p", kOthers, 0)});
  drop_duplicates(data, {}, {.keep_near_duplicates = true});
  REQUIRE(data.records.size() == 4);
  CHECK(data.records[0].group == 0);
  CHECK(data.records[1].group == 1);
  CHECK(data.records[2].group == 0);
  CHECK(data.records[3].group == 0);
  CHECK(data.rejected.empty());
}

TEST_CASE("equal prompts with different options are different questions, in any language") {
  const std::string chinese =
      "\xE4\xB8\x8B\xE5\x88\x97\xE8\xAF\xB4\xE6\xB3\x95\xE6\xAD\xA3\xE7\xA1\xAE\xE7\x9A\x84\xE6\x98\xAF";
  for (const std::string& prompt : {std::string("Which is an example of a chemical change?"), chinese}) {
    DataSet data = set_of({record(prompt, kTides, 0), record(prompt, kOthers, 3),
                           record(prompt, {"The Moon", "The wind", "The rivers", "Rain", "Snow"}, 3)});
    drop_duplicates(data, {}, {});
    CHECK(data.records.size() == 2); // the third shares three options with the first
    CHECK(data.rejected.at(0).row == 4);
  }
}

TEST_CASE("for a hold-out an equal prompt is enough, and folds keep such questions together") {
  DataSet data = set_of({record("What is an example of a mixture?", kTides, 0), record("What is Mars?", kOthers, 0),
                         record("What is an example of a mixture?", kOthers, 0)});
  DataSet held = data;
  const HoldOut exam = exam_of({record("What is an example of a mixture?", {"1", "2", "3", "4", "5"}, 0)});
  drop_duplicates(held, {&exam, 1}, {});
  CHECK(prompts(held) == std::vector<std::string>{"What is Mars?"});
  drop_duplicates(data, {}, {.keep_near_duplicates = true});
  CHECK(data.records.at(2).group == 0);
}

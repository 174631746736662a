#include "data/tables/json_record.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace sciexam;

namespace {

NamedCells cells(const std::string& json) {
  return cells_of(Json::parse(json));
}

const NamedCells kThree = {{"options.A", "x"}, {"options.B", "y"}, {"options.C", "z"}};

} // namespace

TEST_CASE("texts, numbers and members of objects become named cells") {
  CHECK(
      cells(
          R"({"id": 7, "q": {"stem": "Why?", "x": {"y": 1.5}}, "no": null, "yes": true, "list": ["a", 2], "none": []})") ==
      NamedCells{{"id", "7"},
                 {"q.stem", "Why?"},
                 {"q.x.y", "1.5"},
                 {"no", ""},
                 {"yes", "true"},
                 {"list", "a\n2"},
                 {"none", ""}});
}

TEST_CASE("options are read in the forms that sets use") {
  for (const char* json :
       {R"({"options": ["x", "y", "z"]})", R"({"choices": ["A)x", "B)y", "C)z"]})",
        R"({"options": ["(A) x", "(B) y", "(C) z"]})", R"({"endings": ["A. x", "B. y", "C. z"]})",
        R"({"choices": {"text": ["x", "y", "z"], "label": ["A", "B", "C"]}})",
        R"({"choices": [{"label": "A", "text": "x"}, {"label": "B", "text": "y"}, {"label": "C", "text": "z"}]})",
        R"({"options": [{"content": "x"}, {"content": "y"}, {"content": "z"}]})",
        R"({"options": {"A": "x", "B": "y", "C": "z"}})", R"({"options": {"0": "x", "1": "y", "2": "z"}})",
        R"({"answers": ["x", "y", "z"]})"}) {
    CAPTURE(json);
    CHECK(cells(json) == kThree);
  }
  CHECK(cells(R"({"question": {"choices": ["x", "y", "z"]}})") == kThree);
}

TEST_CASE("labels that not all options carry are part of their texts") {
  CHECK(cells(R"({"options": ["A) x", "B) y", "z"]})").front().second == "A) x");
  CHECK(cells(R"({"options": ["A) x", "C) y"]})").front().second == "A) x");
}

TEST_CASE("what is not a list of options is left alone") {
  CHECK(cells(R"({"options": ["x"]})") == NamedCells{{"options", "x"}});
  CHECK(cells(R"({"options": {"min": 1, "max": 2}})") == NamedCells{{"options.min", "1"}, {"options.max", "2"}});
  CHECK(cells(R"({"options": [{"other": 1}, {"other": 2}]})") == NamedCells{{"options", "\n"}});
}

TEST_CASE("an answer that is an option's label becomes the letter of its place") {
  const std::string choices = R"("choices": {"text": ["x", "y"], "label": ["1", "2"]})";
  CHECK(cells("{" + choices + R"(, "answerKey": "2"})").back() ==
        std::pair<std::string, std::string>("answerKey", "B"));
  CHECK(cells("{" + choices + R"(, "answerKey": 1})").back().second == "A");
  CHECK(cells("{" + choices + R"(, "answerKey": "B"})").back().second == "B");
  CHECK(cells("{" + choices + R"(, "level": "2"})").back().second == "2");
  // labels that are not one of each
  CHECK(cells(R"({"choices": {"text": ["x", "y"], "label": ["1", "1"]}, "answer": "1"})").back().second == "1");
}

TEST_CASE("an option that is marked as right is the answer") {
  CHECK(cells(R"({"answers": [{"text": "x", "correct": false}, {"text": "y", "correct": true}]})").back() ==
        std::pair<std::string, std::string>("options.right", "B"));
  CHECK(cells(R"({"target_scores": {"x": 0, "y": 0, "z": 1}})") ==
        NamedCells{{"options.A", "x"}, {"options.B", "y"}, {"options.C", "z"}, {"options.right", "C"}});
  CHECK(cells(R"({"target_scores": {"x": 1, "y": 1}})").size() == 2);
  CHECK(cells(R"({"mc1_targets": {"choices": ["x", "y"], "labels": [0, 1]}})").back().second == "B");
}

TEST_CASE("wrong options stand apart") {
  CHECK(cells(R"({"correct_answer": "w", "incorrect_answers": ["x", "y"]})") ==
        NamedCells{{"correct_answer", "w"}, {"distractors.1", "x"}, {"distractors.2", "y"}});
}

TEST_CASE("a text with several questions gives each of them the text") {
  const std::vector<Json> race = questions_in(Json::parse(
      R"({"article": "T", "questions": ["p", "q"], "options": [["x", "y"], ["v", "w"]], "answers": ["A", "B"], "id": "f.txt"})"));
  REQUIRE(race.size() == 2);
  CHECK(race[1] ==
        Json::parse(R"({"article": "T", "options": ["v", "w"], "answer": "B", "id": "f.txt", "question": "q"})"));
  const std::vector<Json> nested = questions_in(
      Json::parse(R"({"article": "T", "questions": [{"question": "p", "options": ["x", "y"], "gold_label": 2}]})"));
  CHECK(nested.at(0) == Json::parse(R"({"article": "T", "question": "p", "options": ["x", "y"], "gold_label": 2})"));
}

#include "data/articles/responses.hpp"
#include "data/sets.hpp"
#include "support/text/json.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace sciexam;
using namespace sciexam::test;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::EndsWith;
using Catch::Matchers::StartsWith;

namespace {

const std::vector<Article> kArticles = {{"Tides", "The sea rises and falls. " + std::string(250, 'a')}};

std::string passage_id() {
  return id_of(split_into_passages(kArticles[0], 0, 1000).at(0), kArticles[0]);
}

Json question(const std::string& prompt = "What makes tides?") {
  return {{"prompt", prompt}, {"A", "The Moon"}, {"B", "Wind"},  {"C", "Fish"},
          {"D", "Boats"},     {"E", "Rain"},     {"answer", "A"}};
}

/// A service's line with this text as what the model wrote.
Json response_of(const std::string& content) {
  const Json message = {{"role", "assistant"}, {"content", content}, {"refusal", nullptr}};
  const Json choice = {{"index", 0}, {"message", message}, {"finish_reason", "stop"}};
  Json choices = Json::array();
  choices.push_back(choice);
  return {{"id", "batch_req_1"},
          {"custom_id", passage_id()},
          {"response", {{"status_code", 200}, {"body", {{"object", "chat.completion"}, {"choices", choices}}}}},
          {"error", nullptr}};
}

/// The same with these questions, well-formed.
Json response_with(const std::vector<Json>& questions) {
  Json content = {{"questions", Json::array()}};
  for (const Json& one : questions)
    content["questions"].push_back(one);
  return response_of(content.dump());
}

DataSet import_line(const std::string& line) {
  DataSet data;
  data.add_file("out.jsonl");
  import_response(line, 0, 7, kArticles, data);
  return data;
}

/// The reason and detail with which the line, or its only question, is rejected.
std::string rejection_of(const Json& line) {
  const DataSet data = import_line(line.dump());
  CHECK(data.records.empty());
  REQUIRE(data.rejected.size() == 1);
  return std::string(text_of(data.rejected[0].reason)) + ": " + data.rejected[0].detail;
}

Json changed(const std::string& member, const Json& value) {
  Json one = question();
  one[member] = value;
  return response_with({one});
}

} // namespace

TEST_CASE("every question of a response is read, cleaned, with its passage as context") {
  Json second = question("Why is 1 &lt; 2?");
  second["answer"] = "E";
  const DataSet data = import_line(response_with({question(), second}).dump());
  REQUIRE(data.records.size() == 2);
  const Record& record = data.records[1];
  CHECK(record.question.id == passage_id() + "-q2");
  CHECK(record.question.prompt == "Why is 1 < 2?");
  CHECK(record.question.options == std::array<std::string, kOptions>{"The Moon", "Wind", "Fish", "Boats", "Rain"});
  CHECK(record.question.answer == 4);
  CHECK(record.question.context == kArticles[0].text);
  CHECK(record.source == "out");
  CHECK(record.row == 7);
  CHECK(data.files[0].read == 2);
  CHECK(data.rejected.empty());
}

TEST_CASE("a code fence around the JSON is removed") {
  const std::string content = Json{{"questions", {question()}}}.dump();
  CHECK(import_line(response_of("```json\n" + content + "\n```\n").dump()).records.size() == 1);
  CHECK(import_line(response_of("```" + content + "```").dump()).records.size() == 1);
}

TEST_CASE("a malformed question is rejected, its neighbours are not") {
  Json without_e = question("Which?");
  without_e.erase("E");
  const DataSet data = import_line(response_with({without_e, question(), Json(3)}).dump());
  CHECK(data.records.size() == 1);
  CHECK(data.records.at(0).question.id == passage_id() + "-q2");
  REQUIRE(data.rejected.size() == 2);
  CHECK(data.rejected[0].reason == Reason::malformed_question);
  CHECK_THAT(data.rejected[0].detail, ContainsSubstring("$.questions[0]: has no \"E\""));
  CHECK(data.rejected[0].prompt == "Which?");
  CHECK(data.rejected[1].prompt.empty());
  CHECK(data.files[0].read == 3);
}

TEST_CASE("questions are rejected for what makes them useless") {
  CHECK(rejection_of(changed("C", " &nbsp; ")) == "empty option: C");
  CHECK(rejection_of(changed("E", "Wind ")) == "two equal options: E: Wind");
  CHECK(rejection_of(changed("prompt", "")) == "empty prompt: ");
  CHECK(rejection_of(changed("answer", "")) == "no answer: ");
  CHECK(rejection_of(changed("answer", nullptr)) == "no answer: ");
  CHECK_THAT(rejection_of(changed("answer", "F")),
             ContainsSubstring("malformed question: ") && ContainsSubstring("is \"F\". "));
  CHECK_THAT(rejection_of(changed("answer", 2)), StartsWith("malformed question: "));
  CHECK_THAT(rejection_of(changed("B", {{"text", "x"}})), StartsWith("malformed question: "));
}

TEST_CASE("responses that failed or were not completed are rejected") {
  Json failed = response_with({question()});
  failed["error"] = {{"code", "batch_expired"}, {"message", "This request expired"}};
  failed["response"] = nullptr;
  CHECK(rejection_of(failed) == "request failed: This request expired");
  failed["error"] = "broken";
  CHECK(rejection_of(failed) == "request failed: \"broken\"");
  Json status = response_with({question()});
  status["response"]["status_code"] = 429;
  CHECK(rejection_of(status) == "request failed: status code 429");
  Json cut = response_with({question()});
  cut["response"]["body"]["choices"][0]["finish_reason"] = "length";
  CHECK(rejection_of(cut) == "request failed: ended early: length");
  Json refused = response_with({question()});
  refused["response"]["body"]["choices"][0]["message"]["refusal"] = "I cannot";
  CHECK(rejection_of(refused) == "request failed: refused: I cannot");
}

TEST_CASE("malformed responses are rejected with what is wrong") {
  CHECK_THAT(rejection_of(response_of("Here are the questions")),
             StartsWith("malformed response: the response's content: is not valid JSON"));
  CHECK_THAT(rejection_of(response_of("[]")), StartsWith("malformed response: "));
  CHECK_THAT(rejection_of(response_of("{\"questions\": {}}")), ContainsSubstring("is not an array"));
  CHECK_THAT(rejection_of(Json{{"custom_id", "x"}}), ContainsSubstring("has no \"response\""));
  CHECK_THAT(rejection_of(Json::array()), StartsWith("malformed response: "));
  const DataSet broken = import_line("{\"custom_id\": ");
  CHECK(broken.rejected.at(0).reason == Reason::malformed_response);
  CHECK_THAT(broken.rejected[0].detail, StartsWith("row 7: is not valid JSON at byte "));
}

TEST_CASE("a response to another passage is rejected") {
  Json other = response_with({question()});
  other["custom_id"] = "1-0-275-0123456789ab";
  CHECK(rejection_of(other) == "passage not in the articles: custom_id \"1-0-275-0123456789ab\"");
}

TEST_CASE("a file is imported line by line, and refused if it yields no question") {
  const TemporaryFolder folder;
  DataSet data;
  import_responses(write_file(folder / "r.jsonl", response_with({question()}).dump() + "\n\nbroken\n"), kArticles,
                   data);
  CHECK(data.records.size() == 1);
  CHECK(data.rejected.at(0).row == 3);
  CHECK_THAT(fault_of([&] { import_responses(write_file(folder / "n.jsonl", "broken\n"), kArticles, data); }),
             ContainsSubstring("n.jsonl: gives no usable question; the last was rejected for: malformed response"));
  CHECK_THAT(fault_of([&] { import_responses(write_file(folder / "empty.jsonl", "\n"), kArticles, data); }),
             EndsWith("empty.jsonl: gives no usable question. Give the service's output file, and the articles "
                      "that the requests were made from"));
}

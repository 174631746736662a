#include "data/articles/requests.hpp"
#include "data/sets.hpp"
#include "support/text/json.hpp"

#include <algorithm>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace sciexam;
using namespace sciexam::test;
using Catch::Matchers::ContainsSubstring;

namespace {

const Article kArticle{"Tides &amp; seas", std::string(250, 'a') + " &lt; b"};
const Passage kPassage{0, 0, 257};

std::vector<Article> five_articles() {
  return std::vector<Article>(5, kArticle);
}

} // namespace

TEST_CASE("a request has the members of the batch format") {
  const JsonDocument document(request_line(kPassage, kArticle, {.model = "some-model"}), "request");
  const JsonView root = document.root();
  root.allow_only({"custom_id", "method", "url", "body"});
  CHECK(root.at("custom_id").string() == id_of(kPassage, kArticle));
  CHECK(root.at("method").string() == "POST");
  CHECK(root.at("url").string() == "/v1/chat/completions");
  const JsonView body = root.at("body");
  CHECK(body.at("model").string() == "some-model");
  CHECK(body.at("messages").size() == 2);
  CHECK(body.at("messages").at(std::size_t{0}).at("role").string() == "system");
  const std::string task = body.at("messages").at(1).at("content").string();
  CHECK_THAT(task, ContainsSubstring("Write 5 questions about this passage of the article \"Tides & seas\":\n\naaa") &&
                       ContainsSubstring("a < b"));
}

TEST_CASE("the answer's schema is strict: every object closed, every member required") {
  const JsonDocument document(request_line(kPassage, kArticle, {.model = "m"}), "request");
  const JsonView format = document.root().at("body").at("response_format");
  CHECK(format.at("type").string() == "json_schema");
  CHECK(format.at("json_schema").at("strict").boolean());
  const JsonView schema = format.at("json_schema").at("schema");
  const JsonView question = schema.at("properties").at("questions").at("items");
  for (const JsonView& object : {schema, question}) {
    CHECK(object.at("type").string() == "object");
    CHECK_FALSE(object.at("additionalProperties").boolean());
    CHECK(object.at("required").size() == object.at("properties").members().size());
  }
  CHECK(schema.at("required").json() == Json({"questions"}));
  CHECK(question.at("required").json() == Json({"prompt", "A", "B", "C", "D", "E", "answer"}));
  CHECK(question.at("properties").at("answer").at("enum").json() == Json({"A", "B", "C", "D", "E"}));
}

TEST_CASE("requests go to one file, and beyond a limit to numbered ones") {
  const TemporaryFolder folder;
  const RequestFiles one = write_requests(folder / "r.jsonl", five_articles(), {.model = "m"});
  CHECK(one.paths == std::vector<std::filesystem::path>{folder / "r.jsonl"});
  CHECK(one.passages == 5);
  const std::string all = read_text_file(folder / "r.jsonl");
  CHECK(std::count(all.begin(), all.end(), '\n') == 5);

  const RequestFiles three =
      write_requests(folder / "n.jsonl", five_articles(), {.model = "m", .requests_per_file = 2});
  CHECK(three.paths ==
        std::vector<std::filesystem::path>{folder / "n-1.jsonl", folder / "n-2.jsonl", folder / "n-3.jsonl"});
  CHECK(read_text_file(folder / "n-1.jsonl") + read_text_file(folder / "n-2.jsonl") +
            read_text_file(folder / "n-3.jsonl") ==
        all);
  CHECK(write_requests(folder / "b.jsonl", five_articles(), {.model = "m", .bytes_per_file = all.size() / 2})
            .paths.size() == 3);
}

TEST_CASE("articles that are too short are counted; only such ones are refused") {
  const TemporaryFolder folder;
  CHECK(write_requests(folder / "r.jsonl", {kArticle, {"", "short"}}, {.model = "m"}).articles_without == 1);
  CHECK_THAT(fault_of([&] {
               write_requests(folder / "x.jsonl", {{"", "short"}}, {.model = "m"});
             }),
             ContainsSubstring("1 article without a passage of 200 characters. "));
  CHECK_FALSE(std::filesystem::exists(folder / "x.jsonl"));
}

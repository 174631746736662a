#include "retrieval/contexts/retriever.hpp"
#include "retrieval/index/small_index.hpp"
#include "support/errors.hpp"
#include "temporary_folder.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace sciexam;
using namespace sciexam::test;
using Catch::Matchers::ContainsSubstring;

namespace {

/// An article whose sentences are a window each, written without the space that follows them.
void add_article(SmallIndex& index, const std::string& id, const std::string& title,
                 const std::vector<std::string>& sentences) {
  Analyser analyser;
  std::string text;
  std::vector<AnalysedPassage> passages;
  for (const std::string& sentence : sentences) {
    passages.push_back({text.size(), sentence.size(), analyser.terms(title + " " + sentence)});
    text += sentence + " ";
  }
  index.add_article(id, title, text, std::move(passages));
}

/// An index on disk, opened.
struct Place {
  TemporaryFolder folder;
  std::optional<PassageIndex> index;

  Place() {
    SmallIndex small;
    add_article(small, "water", "Water",
                {"Water is a liquid at room temperature.", "Its molecules have one oxygen atom and two hydrogen atoms.",
                 "It boils at one hundred degrees Celsius at sea level."});
    add_article(small, "iron", "Iron", {"Iron is a metal that rusts.", "It melts at 1538 degrees Celsius."});
    add_article(small, "cell", "Cell (biology)", {"Cells are the basic unit of life."});
    small.write(folder.path(), {.analyser = Analyser().record()});
    index.emplace(PackageFiles::in_folder(folder.path()), nullptr);
  }
};

std::vector<std::string> ids_of(const FoundPassages& found) {
  std::vector<std::string> ids;
  for (const FoundPassage& passage : found.passages)
    ids.push_back(passage.id);
  return ids;
}

} // namespace

TEST_CASE("a query finds passages, best first, by the document's id and the window's number") {
  const Place place;
  const Retriever retriever(*place.index, {.passages = 1});
  const FoundPassages found = retriever.find("Which metals melt at 1538 degrees?");
  REQUIRE(found.passages.size() == 1);
  CHECK(found.passages[0].id == "iron#2");
  CHECK(found.passages[0].title == "Iron");
  CHECK(found.passages[0].text == "It melts at 1538 degrees Celsius.");
  CHECK(found.passages[0].score > 0);
  CHECK((ids_of(retriever.find("Is a cell alive?")) == std::vector<std::string>{"cell"}));
  CHECK(retriever.find("xylophone").passages.empty());
  CHECK(retriever.find("").passages.empty());
}

TEST_CASE("words that ask are not looked for, unless there are no others; a word counts twice at most") {
  QuestionQueries queries({});
  const auto terms = [&](const char* text) {
    std::vector<std::string> all;
    for (const QueryTerm& term : queries.of_text(text))
      all.push_back(term.term + " " + std::to_string(term.weight));
    return all;
  };
  CHECK((terms("Why does iron rust?") == std::vector<std::string>{"iron 1", "rust 1"}));
  CHECK((terms("Which iron? Iron, iron or IRON?") == std::vector<std::string>{"iron 2"}));
  CHECK((terms("Who? Why?") == std::vector<std::string>{"who 1", "whi 1"} ||
         terms("Who? Why?") == std::vector<std::string>{"whi 1", "who 1"}));
}

TEST_CASE("neighbouring windows of an article are joined, at the better one's rank") {
  const Place place;
  const Retriever retriever(*place.index, {.passages = 3});
  const FoundPassages found = retriever.find("oxygen hydrogen water boils");
  REQUIRE(found.passages.size() == 1);
  CHECK(found.passages[0].id == "water#2");
  CHECK(found.passages[0].begin == 0);
  CHECK(found.passages[0].text == "Water is a liquid at room temperature. Its molecules have one oxygen atom and two "
                                  "hydrogen atoms. It boils at one hundred degrees Celsius at sea level.");
}

TEST_CASE("a question is looked for by its prompt, with all options, or with each of them") {
  const Place place;
  const Question question = {.prompt = "What rusts?", .options = {"cell", "water", "iron", "life", ""}};
  const auto find = [&](QueryForm form, Fusion fusion) {
    const Retriever retriever(*place.index, {.form = form, .fusion = fusion, .passages = 2});
    return ids_of(retriever.find_all(std::span(&question, 1), 2).front());
  };
  CHECK((find(QueryForm::prompt, Fusion::best) == std::vector<std::string>{"iron"}));
  CHECK(find(QueryForm::all_options, Fusion::best).size() == 2); // the options draw other articles in
  CHECK(find(QueryForm::each_option, Fusion::best).front() == "iron");
  CHECK(find(QueryForm::each_option, Fusion::reciprocal_rank).front() == "iron");
  QuestionQueries queries({});
  CHECK(queries.of_question(question, QueryForm::prompt).size() == 1);
  CHECK(queries.of_question(question, QueryForm::all_options).size() == 1);
  CHECK(queries.of_question(question, QueryForm::each_option).size() == 6);
}

TEST_CASE("many questions find the same on any number of threads, and nothing once stopped") {
  const Place place;
  std::vector<Question> questions;
  for (int i = 0; i < 40; ++i)
    questions.push_back({.prompt = i % 2 == 0 ? "water" : "iron melts"});
  const Retriever retriever(*place.index, {});
  const std::vector<FoundPassages> one = retriever.find_all(questions, 1), three = retriever.find_all(questions, 3);
  REQUIRE(one.size() == questions.size());
  for (std::size_t i = 0; i < one.size(); ++i)
    CHECK((ids_of(one[i]) == ids_of(three[i])));
  const std::vector<FoundPassages> none = retriever.find_all(questions, 2, nullptr, [] { return true; });
  CHECK((none.size() == 40 && none.front().passages.empty()));
}

TEST_CASE("a context has the passages' texts, a line each, best first") {
  const std::vector<FoundPassage> passages = {{.text = "one."}, {.text = "two."}};
  CHECK(context_of(passages) == "one.\ntwo.");
  CHECK(context_of({}).empty());
}

TEST_CASE("an index of another analyser is refused by name") {
  const Place place;
  SmallIndex small;
  add_article(small, "a", "A", {"One sentence."});
  const TemporaryFolder other;
  Json record = Analyser().record();
  record["version"] = 99;
  small.write(other.path(), {.analyser = record});
  const PassageIndex index(PackageFiles::in_folder(other.path()), nullptr);
  CHECK_THROWS_WITH(Retriever(index, {}),
                    ContainsSubstring("index.json") && ContainsSubstring("Build the index again"));
}

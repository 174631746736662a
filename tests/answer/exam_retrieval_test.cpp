#include "answer/exam_retrieval.hpp"
#include "catch_beside_torch.hpp"
#include "retrieval/index/small_index.hpp"
#include "support/errors.hpp"
#include "temporary_folder.hpp"

using namespace sciexam;
using namespace sciexam::test;

namespace {

/// An index of two short articles.
void write_index(const std::filesystem::path& folder) {
  SmallIndex index;
  Analyser analyser;
  for (const auto& [id, text] :
       {std::pair("w", "Water is made of hydrogen and oxygen."), {"s", "Salt is made of sodium and chlorine."}})
    index.add_article(id, id, text, {{0, std::string_view(text).size(), analyser.terms(text)}});
  index.write(folder, {.title = "two", .analyser = Analyser().record()});
}

const std::vector<Question> kQuestions = {
    {.id = "1", .prompt = "What is water made of?", .options = {"wood", "oxygen", "sodium", "", "x"}},
    {.id = "2", .prompt = "What is salt?", .options = {"a", "b", "sodium", "d", "e"}, .context = "its own"}};

} // namespace

TEST_CASE("an index gives contexts to questions without one, and ranks options by what they find") {
  const TemporaryFolder folder;
  write_index(folder.path());
  ExamRetrieval retrieval(folder.path().string(), {.passages = 1});
  REQUIRE(retrieval.found_index());
  CHECK(retrieval.open() == "2 passages of 2 articles, two, in " + folder.path().string() + " (given)");
  REQUIRE(retrieval.usable());
  retrieval.search(kQuestions, 2, nullptr);
  CHECK(retrieval.rankings().at(0).front() == 1); // "oxygen" stands beside "water"
  CHECK(retrieval.rankings().at(0).back() == 3);  // no text
  CHECK(retrieval.rankings().at(1).front() == 2);
  std::vector<Question> questions = kQuestions;
  CHECK(retrieval.add_contexts(questions) == 1);
  CHECK(questions[0].context == "Water is made of hydrogen and oxygen.");
  CHECK(questions[1].context == "its own");
  CHECK(retrieval.degradations().empty());
}

TEST_CASE("questions that are not reached in time are ranked by length, and counted") {
  const TemporaryFolder folder;
  write_index(folder.path());
  ExamRetrieval retrieval(folder.path().string(), {});
  retrieval.open();
  retrieval.search(kQuestions, 1, [] { return true; });
  CHECK((retrieval.rankings().at(0) == rank_by_length(kQuestions[0])));
  std::vector<Question> questions = kQuestions;
  CHECK(retrieval.add_contexts(questions) == 0);
  CHECK((retrieval.degradations() == std::vector<std::string>{"there was no time to search passages for 2 questions"}));
}

TEST_CASE("a named folder without an index is refused, an index that is damaged is left aside") {
  const TemporaryFolder folder;
  CHECK_THROWS_AS(ExamRetrieval(folder.path().string(), {}), UsageError);
  write_index(folder.path());
  std::filesystem::resize_file(folder / "terms.bin", 20);
  ExamRetrieval retrieval(folder.path().string(), {});
  CHECK(retrieval.open().ends_with("which cannot be used"));
  CHECK(!retrieval.usable());
  REQUIRE(retrieval.degradations().size() == 1);
  CHECK(retrieval.degradations().front().find("terms.bin") != std::string::npos);
}

#include "retrieval/contexts/question_contexts.hpp"
#include "retrieval/index/small_index.hpp"
#include "temporary_folder.hpp"

#include <algorithm>

#include <catch2/catch_test_macros.hpp>

using namespace sciexam;
using namespace sciexam::test;

namespace {

using Ids = std::vector<std::string>;

/// An index of 40 short articles, "a0" to "a39", which share words so that questions find many of them.
struct AlikeArticles {
  TemporaryFolder folder;
  std::optional<PassageIndex> index;

  AlikeArticles() {
    SmallIndex small;
    Analyser analyser;
    for (int i = 0; i < 40; ++i) {
      std::string text = "iron rusts";
      for (int word = 0; word < i % 7; ++word)
        text += " water";
      text += i % 3 == 0 ? " copper" : " tin";
      text += i % 5 == 0 ? " gold" : " lead";
      std::vector<AnalysedPassage> passages = {{0, text.size(), analyser.terms(text)}};
      small.add_article("a" + std::to_string(i), "", text, std::move(passages));
    }
    small.write(folder.path(), {.analyser = analyser.record()});
    index.emplace(PackageFiles::in_folder(folder.path()), nullptr);
  }

  FoundPassages find(const RetrievalSettings& settings) const {
    const Question question = {.prompt = "What rusts in water?",
                               .options = {"iron", "copper", "gold", "tin water", ""}};
    return Retriever(*index, settings).find_all(std::span(&question, 1), 1).front();
  }
};

Ids ids_of(const std::vector<FoundPassage>& passages) {
  Ids ids;
  for (const FoundPassage& passage : passages)
    ids.push_back(passage.id);
  return ids;
}

/// Ranks first to first + 3 of the passages of one form's list.
Ids ranks(const AlikeArticles& articles, QueryForm form, std::size_t first) {
  Ids ids = ids_of(articles.find({.form = form, .passages = first + 3}).passages);
  return {ids.begin() + static_cast<std::ptrdiff_t>(first), ids.end()};
}

} // namespace

TEST_CASE("further contexts are of the other way to ask, and of the following ranks") {
  const AlikeArticles articles;
  const FoundPassages found = articles.find({.passages = 3, .contexts = 4});
  REQUIRE(found.further.size() == 3);
  CHECK((ids_of(found.passages) == ranks(articles, QueryForm::all_options, 0)));
  CHECK((ids_of(found.further[0]) == ids_of(articles.find({.form = QueryForm::each_option, .passages = 3}).passages)));
  CHECK((ids_of(found.further[1]) == ranks(articles, QueryForm::all_options, 3)));
  CHECK((ids_of(found.further[2]) == ranks(articles, QueryForm::all_options, 6)));
}

TEST_CASE("where each option is asked for first, all of them are second, and theirs are the following ranks") {
  const AlikeArticles articles;
  for (const Fusion fusion : {Fusion::best, Fusion::sum, Fusion::reciprocal_rank}) {
    const RetrievalSettings alone = {.form = QueryForm::each_option, .fusion = fusion, .passages = 3};
    RetrievalSettings several = alone;
    several.contexts = 3;
    const FoundPassages found = articles.find(several);
    CHECK((ids_of(found.passages) == ids_of(articles.find(alone).passages)));
    CHECK((ids_of(found.further.at(0)) == ranks(articles, QueryForm::all_options, 0)));
    CHECK((ids_of(found.further.at(1)) == ranks(articles, QueryForm::all_options, 3)));
  }
}

TEST_CASE("a context does not depend on how many follow it, nor on the options' hits") {
  const AlikeArticles articles;
  const FoundPassages many = articles.find({.passages = 3, .contexts = 6, .option_hits = true});
  for (std::size_t contexts = 1; contexts < 6; ++contexts) {
    const FoundPassages found = articles.find({.passages = 3, .contexts = contexts});
    CHECK((ids_of(found.passages) == ids_of(many.passages)));
    REQUIRE(found.further.size() == contexts - 1);
    for (std::size_t i = 0; i < found.further.size(); ++i)
      CHECK((ids_of(found.further[i]) == ids_of(many.further[i])));
  }
  CHECK(many.option_hits == articles.find({.passages = 3, .option_hits = true}).option_hits);
}

TEST_CASE("an index with few passages has none for further contexts") {
  const AlikeArticles articles;
  const FoundPassages found = articles.find({.passages = 30, .contexts = 4});
  CHECK(found.passages.size() == 30);
  CHECK(found.further[1].size() == 10);
  CHECK(found.further[2].empty());
}

TEST_CASE("a question's own contexts come before what was found, stream by stream") {
  FoundPassages found = {.passages = {{.text = "found"}, {.text = "more"}}, .further = {{{.text = "second"}}, {}}};
  using Texts = std::vector<std::string>;
  CHECK((question_contexts({}, found, 1) == Texts{"found\nmore"}));
  CHECK((question_contexts({}, found, 4) == Texts{"found\nmore", "second", "", ""}));
  CHECK((question_contexts({.context = "own"}, found, 3) == Texts{"own", "second", ""}));
  CHECK(
      (question_contexts({.context = "own", .further_contexts = {"b", "c"}}, found, 4) == Texts{"own", "b", "c", ""}));
  CHECK((question_contexts({.context = "own", .further_contexts = {"b"}}, {}, 1) == Texts{"own"}));
}

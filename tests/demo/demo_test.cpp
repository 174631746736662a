// What the demo says of itself: its exam gives nothing away but by what the encyclopedia has.
#include "demo/demo.hpp"
#include "exam/metrics.hpp"
#include "exam/near_duplicates.hpp"
#include "exam/ranking.hpp"
#include "retrieval/contexts/retriever.hpp"

#include <array>
#include <cstdlib>
#include <filesystem>
#include <set>
#include <string>

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>

using namespace sciexam;
using Catch::Approx;

namespace fs = std::filesystem;

TEST_CASE("the demo's exam has at least thirty questions, whose right options are dealt evenly over the letters") {
  const Exam exam = read_demo_exam();
  REQUIRE(exam.questions.size() >= 30);
  std::array<std::size_t, kOptions> right{};
  std::set<std::string> options;
  for (const Question& question : exam.questions) {
    REQUIRE(question.answer);
    ++right[*question.answer];
    options.insert(question.options.begin(), question.options.end());
  }
  for (const std::size_t count : right)
    CHECK(count == exam.questions.size() / kOptions);
  CHECK(options.size() == exam.questions.size() * kOptions);
}

TEST_CASE("options of the demo's exam do not give themselves away by their length") {
  const Exam exam = read_demo_exam();
  std::vector<Ranking> longest, shortest;
  for (const Question& question : exam.questions) {
    longest.push_back(rank_by_length(question));
    std::array<double, kOptions> brevity{};
    for (std::size_t i = 0; i < kOptions; ++i)
      brevity[i] = -static_cast<double>(question.options[i].size());
    shortest.push_back(rank_by_scores(brevity));
  }
  constexpr double kChance = 11.0 / 30;
  CHECK(map_at_3(longest, exam.questions) == Approx(kChance).margin(0.08));
  CHECK(map_at_3(shortest, exam.questions) == Approx(kChance).margin(0.08));
}

TEST_CASE("no two questions of the demo's exam are alike, and none is like one that its models learnt from") {
  const std::vector<Question> questions = read_demo_exam().questions;
  CHECK(near_duplicates_within(questions, kLeastNearDuplicate).empty());
  const char* given = std::getenv("SCIEXAM_DATA");
  const fs::path learnt =
      (given == nullptr ? fs::path(SCIEXAM_SOURCE_DIR).parent_path() / "shared/data" : fs::path(given)) /
      "stem_1k_context.csv";
  if (!fs::exists(learnt))
    SKIP("no questions in " << learnt);
  // Far below what counts as a near-duplicate elsewhere.
  CHECK(near_duplicates(questions, read_exam(learnt, {.id_required = false}).questions, 0.5).empty());
}

TEST_CASE("the program's encyclopedia is an index with far more articles than the exam has questions") {
  const PassageIndex index(demo_index_files(), nullptr);
  CHECK(index.manifest().counts.articles >= 5 * read_demo_exam().questions.size());
  CHECK(index.manifest().counts.passages == index.manifest().counts.articles); // each is short
  CHECK(index.left_out().empty());
  const FoundPassages found = Retriever(index, {}).find("Who hunts for exoplanets by their transits?");
  REQUIRE(!found.passages.empty());
  CHECK(found.passages.front().title == "Exoplanet");
}

#include "data/selection/arrange.hpp"
#include "data/selection/easy.hpp"
#include "data/sets.hpp"

#include <algorithm>
#include <map>
#include <set>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace sciexam;
using namespace sciexam::test;
using Catch::Matchers::StartsWith;

namespace {

using Options = std::array<std::string, kOptions>;

const Options kLetters = {"a", "b", "c", "d", "e"};

std::vector<std::string> ids(const DataSet& data) {
  std::vector<std::string> all;
  for (const Record& record : data.records)
    all.push_back(record.question.id);
  return all;
}

Record with_id(std::string id) {
  Record made = record("p", kLetters, 0);
  made.question.id = std::move(id);
  return made;
}

/// `count` questions "q0", "q1", ..., answers in turn, from two sources.
DataSet many(std::size_t count) {
  std::vector<Record> records;
  for (std::size_t i = 0; i < count; ++i) {
    records.push_back(record("q" + std::to_string(i), kLetters, static_cast<int>(i % kOptions)));
    records.back().source = i % 3 == 0 ? "wiki" : "books";
  }
  return set_of(std::move(records));
}

} // namespace

TEST_CASE("ids that are present and distinct are kept") {
  DataSet data = set_of({with_id("7"), with_id("x")});
  assign_ids(data);
  CHECK(ids(data) == std::vector<std::string>{"7", "x"});
}

TEST_CASE("missing and duplicate ids become file and id, or file and row") {
  DataSet data = set_of({with_id("7"), with_id(""), with_id("7"), with_id("3")});
  assign_ids(data);
  CHECK(ids(data) == std::vector<std::string>{"set-7", "set-3", "set-7-2", "set-3-2"});
}

TEST_CASE("shuffled options keep the right one right, and empty ones in place") {
  DataSet data = set_of({record("four", {"right", "b", "", "c", "d"}, 0)});
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    shuffle_options(data, seed);
    const Question& question = data.records[0].question;
    CHECK(question.options[static_cast<std::size_t>(*question.answer)] == "right");
    CHECK(question.options[2].empty());
    Options sorted = question.options;
    std::sort(sorted.begin(), sorted.end());
    CHECK(sorted == Options{"", "b", "c", "d", "right"});
  }
}

TEST_CASE("a question's shuffle depends only on the seed and its text") {
  DataSet set = many(40), again = many(40), other_seed = many(40);
  std::rotate(again.records.begin(), again.records.begin() + 7, again.records.end());
  shuffle_options(set, 5);
  shuffle_options(again, 5);
  shuffle_options(other_seed, 6);
  std::rotate(again.records.begin(), again.records.begin() + 33, again.records.end());
  std::size_t changed = 0;
  for (std::size_t i = 0; i < 40; ++i) {
    CHECK(set.records[i].question.options == again.records[i].question.options);
    changed += set.records[i].question.options != other_seed.records[i].question.options;
  }
  CHECK(changed > 30);
}

TEST_CASE("shuffling brings the right answer to each letter about equally often") {
  DataSet data = many(5000);
  for (Record& record : data.records)
    record.question.answer = 0;
  shuffle_options(data, 0);
  std::array<int, kOptions> counts{};
  for (const Record& record : data.records)
    ++counts[static_cast<std::size_t>(*record.question.answer)];
  for (const int count : counts) // 1000 expected, standard deviation 28
    CHECK(std::abs(count - 1000) < 140);
}

TEST_CASE("folds have equal shares of every source and letter") {
  DataSet data = many(330);
  assign_folds(data, 4, 9);
  std::map<std::pair<std::string, int>, std::array<int, 4>> strata;
  std::array<int, 4> totals{};
  for (const Record& record : data.records) {
    ++strata[{record.source, *record.question.answer}][static_cast<std::size_t>(record.question.fold.value())];
    ++totals[static_cast<std::size_t>(*record.question.fold)];
  }
  CHECK(strata.size() == 10);
  for (const auto& [stratum, counts] : strata)
    CHECK(*std::max_element(counts.begin(), counts.end()) - *std::min_element(counts.begin(), counts.end()) <= 1);
  CHECK(*std::max_element(totals.begin(), totals.end()) - *std::min_element(totals.begin(), totals.end()) <= 1);
}

TEST_CASE("a group stays within one fold, and another seed deals differently") {
  DataSet data = many(60);
  for (std::size_t i = 0; i < 60; ++i)
    data.records[i].group = i < 12 ? i / 4 * 4 : i; // three groups of four
  DataSet other = data;
  assign_folds(data, 5, 1);
  assign_folds(other, 5, 2);
  bool same = true;
  for (std::size_t i = 0; i < 60; ++i) {
    CHECK(data.records[i].question.fold == data.records[data.records[i].group].question.fold);
    same = same && data.records[i].question.fold == other.records[i].question.fold;
  }
  CHECK_FALSE(same);
}

TEST_CASE("more folds than questions are refused") {
  DataSet data = many(3);
  CHECK_THAT(fault_of([&] { assign_folds(data, 4, 0); }), StartsWith("3 questions cannot be split into 4 folds. "));
}

TEST_CASE("questions above the limit are easy, at the limit not") {
  DataSet data = set_of({record("one", kLetters, 0), record("two", kLetters, 0), record("three", kLetters, 0)});
  const std::vector<double> probabilities = {0.9, 0.95, 0.9001};
  drop_easy(data, probabilities, 0.9);
  REQUIRE(data.records.size() == 1);
  CHECK(data.records[0].question.prompt == "one");
  CHECK(data.rejected.at(0).reason == Reason::easy);
  CHECK(data.rejected[0].detail == "probability 0.950");
  CHECK_THROWS_AS(drop_easy(data, probabilities, 0.9), InternalError);
}

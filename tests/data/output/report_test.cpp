#include "data/output/data_report.hpp"
#include "data/output/data_summary.hpp"
#include "data/sets.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace sciexam;
using namespace sciexam::test;
using Catch::Matchers::ContainsSubstring;

namespace {

using Ranges = std::vector<std::pair<std::string, double>>;

Ranges histogram_of(const std::vector<std::size_t>& values) {
  return histogram(values);
}

DataSet example() {
  DataSet data = set_of({record("Which <one>?", {"a", "b", "c", "d", "the longest"}, 4),
                         record("Who?", {"a", "b", "c", "the longest", ""}, 1)});
  data.files[0].read = 4;
  data.files[0].unused = "level, <note>";
  data.reject(data.records[0], Reason::duplicate, "of set.csv, row 2, which has another right answer");
  data.reject(data.records[0], Reason::easy, "probability 0.990");
  data.reject(data.records[1], Reason::duplicate, "of set.csv, row 3");
  data.alike.push_back({"kept prompt", "dropped prompt", "test.csv, row 3", "set.csv, row 9", 0.875, true});
  return data;
}

} // namespace

TEST_CASE("a histogram has ranges of round, equal width from the smallest value to the largest") {
  CHECK(histogram_of({3, 5, 5}) == Ranges{{"3", 1}, {"4", 0}, {"5", 2}});
  CHECK(histogram_of({40, 41, 99}).front() == std::pair<std::string, double>("40-44", 2));
  CHECK(histogram_of({40, 41, 99}).back() == std::pair<std::string, double>("95-99", 1));
  CHECK(histogram_of({}).empty());
  CHECK(histogram_of({7}) == Ranges{{"7", 1}});
}

TEST_CASE("a histogram has at most 25 ranges and loses no value") {
  for (const std::size_t most : {10u, 24u, 25u, 26u, 99u, 100u, 1234u, 99999u}) {
    std::vector<std::size_t> values;
    for (std::size_t i = 0; i <= 200; ++i)
      values.push_back(most * i / 200);
    const Ranges ranges = histogram(values);
    double sum = 0;
    for (const auto& [name, count] : ranges)
      sum += count;
    CHECK(sum == 201);
    CHECK(ranges.size() <= 25);
    CHECK(ranges.size() >= 10);
  }
}

TEST_CASE("a value far from the others does not stretch the histogram") {
  std::vector<std::size_t> values(1000, 20);
  values.push_back(5000);
  const Ranges ranges = histogram(values);
  CHECK(ranges.front() == std::pair<std::string, double>("20-21", 1000));
  CHECK(ranges.back().second == 1);
  CHECK_THAT(ranges.back().first, ContainsSubstring(" or more"));
}

TEST_CASE("the summary counts each file and each reason") {
  CHECK(data_summary(example()) == "file       read       kept   left out\n"
                                   "set           4          2          3\n"
                                   "set: not used: level, <note>\n"
                                   "left out: duplicate: 2\n"
                                   "left out: easy for the ensemble: 1\n");
}

TEST_CASE("the page shows files, answers, reasons and near-duplicates, and escapes texts") {
  const std::string page = data_page(example(), measure_in_words());
  for (const char* part :
       {"set.csv", "50.0 %", "Right answers by letter", "words", "easy for the ensemble", "probability 0.990",
        "Which &lt;one&gt;?", "level, &lt;note&gt;", "dropped prompt", "test.csv, row 3 (held out): kept prompt",
        "0.88", "1 duplicate with a different right answer"})
    CHECK_THAT(page, ContainsSubstring(part));
  CHECK_THAT(page, !ContainsSubstring("Folds"));
}

TEST_CASE("the page's long tables end with a count of what is not shown") {
  DataSet data = example();
  for (std::size_t i = 0; i < kReportRows; ++i)
    data.reject(data.records[0], Reason::no_answer);
  CHECK_THAT(data_page(data, measure_in_words()), ContainsSubstring("And 3 more: --rejected writes all of them."));
}

TEST_CASE("an uneven balance of answers is pointed out") {
  std::vector<Record> records;
  for (int i = 0; i < 200; ++i)
    records.push_back(record("q" + std::to_string(i), {"a", "b", "c", "d", "e"}, i < 100 ? 0 : i % kOptions));
  CHECK_THAT(data_page(set_of(records), measure_in_words()),
             ContainsSubstring("The right answer is A in 60.0 % of the questions, but B in 10.0 %."));
}

TEST_CASE("lengths in words are those of the prompt and its longest option") {
  const Question question = record("Why is it so?", {"a", "one two three", "b", "c", "d"}, 0).question;
  CHECK(measure_in_words().question(question) == 7);
  CHECK(measure_in_words().context(question) == 0);
  CHECK(&longest_option(question) == &question.options[1]);
}

// The competition's files and public question sets, all in one run. They are where golden references are;
// without them these tests are skipped.
#include "data/forms/read_data.hpp"
#include "data/output/data_report.hpp"
#include "data/output/data_summary.hpp"
#include "data/output/write_data.hpp"
#include "data/selection/arrange.hpp"
#include "data/selection/duplicates.hpp"
#include "golden/golden.hpp"
#include "temporary_folder.hpp"

#include <algorithm>
#include <map>

#include <catch2/catch_test_macros.hpp>

using namespace sciexam;
using namespace sciexam::test;

namespace {

std::filesystem::path data_file(const std::string& name) {
  const std::filesystem::path file = golden::additional() / ".." / "data" / name;
  if (!std::filesystem::exists(file))
    SKIP(file << " is not there");
  return file;
}

DataSet read_all(const std::vector<std::string>& names) {
  DataSet data;
  for (const std::string& name : names)
    read_data_file(data_file(name), {}, data);
  return data;
}

std::map<std::string, std::size_t> count_by_source(const DataSet& data) {
  std::map<std::string, std::size_t> counts;
  for (const Record& record : data.records)
    ++counts[record.source];
  return counts;
}

using Counts = std::vector<std::pair<Reason, std::size_t>>;

} // namespace

// The numbers come from an independent program in Python (csv, html and unicodedata modules; all pairs that share a
// 5-gram).

TEST_CASE("five real sets in one run: what is kept and what is left out") {
  DataSet data = read_all({"train.csv", "extra_6000.csv", "extra_500.csv", "stem_1k_context.csv", "train_context.csv"});
  CHECK(data.records.size() == 7893);
  CHECK(data.cleaning == CleaningCounts{.spaces = 1464});
  drop_duplicates(data, {}, {});
  CHECK(rejections_by_reason(data) ==
        Counts{{Reason::doubled_option, 7}, {Reason::duplicate, 207}, {Reason::near_duplicate, 6}});
  CHECK(count_by_source(data) ==
        std::map<std::string, std::size_t>{
            {"extra_500", 500}, {"extra_6000", 5983}, {"stem_1k_context", 997}, {"train", 200}});
  // rows of extra_6000.csv whose right answer is another than train.csv's
  CHECK(std::count_if(data.rejected.begin(), data.rejected.end(), [](const Rejection& rejection) {
          return rejection.detail.find("another right answer") != std::string::npos;
        }) == 3);
}

TEST_CASE("of the real sets what resembles the exam is kept out of training") {
  DataSet data = read_all({"extra_6000.csv", "extra_500.csv"});
  const HoldOut exam = read_hold_out(data_file("train.csv"));
  drop_duplicates(data, {&exam, 1}, {});
  CHECK(rejections_by_reason(data) == Counts{{Reason::doubled_option, 4}, {Reason::held_out, 16}});
  CHECK(data.alike.size() == 16);
}

TEST_CASE("what is made of the real sets is an exam with ids, shuffled answers and even folds") {
  const TemporaryFolder folder;
  DataSet data = read_all({"extra_500.csv", "stem_1k_context.csv"});
  drop_duplicates(data, {}, {});
  assign_ids(data);
  shuffle_options(data, 1);
  assign_folds(data, 5, 1);
  write_data(folder / "train.csv", data);
  const Exam exam = read_exam(folder / "train.csv");
  REQUIRE(exam.questions.size() == 1497);
  CHECK(exam.questions.front().id == "extra_500-0");
  CHECK(exam.questions.back().id == "stem_1k_context-1001");
  CHECK(exam.has_context);
  std::array<int, 5> folds{};
  for (const Record& record : data.records)
    ++folds[static_cast<std::size_t>(record.question.fold.value())];
  for (const int count : folds)
    CHECK((count == 299 || count == 300));
}

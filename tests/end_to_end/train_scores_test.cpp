// What trained models say about questions that they did not learn: predictions, folds, the ensemble.
#include "end_to_end/school.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <map>
#include <set>
#include <sstream>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace sciexam::test;
using Catch::Matchers::ContainsSubstring;
using nlohmann::json;

namespace {

namespace fs = std::filesystem;

/// A line of a predictions file.
struct Prediction {
  std::string run, place;
  char answer = 0;
  std::array<double, 5> probabilities = {};
};

std::vector<Prediction> read_predictions(const fs::path& file) {
  std::istringstream lines(read_bytes(file));
  std::vector<Prediction> all;
  std::string line;
  std::getline(lines, line);
  REQUIRE(line == "run,place,answer,A,B,C,D,E");
  while (std::getline(lines, line)) { // run_0,"exam.csv, row 2",C,0.1,0.2,...
    Prediction& prediction = all.emplace_back();
    const std::size_t open = line.find('"'), close = line.rfind('"');
    prediction.run = line.substr(0, open - 1);
    prediction.place = line.substr(open + 1, close - open - 1);
    prediction.answer = line.at(close + 2);
    std::istringstream numbers(line.substr(close + 4));
    for (double& probability : prediction.probabilities) {
      REQUIRE(numbers >> probability);
      numbers.ignore(1);
    }
  }
  return all;
}

/// With four digits, as the lock has it.
std::string mean_map_at_3(const std::vector<Prediction>& predictions) {
  double sum = 0;
  for (const Prediction& prediction : predictions) {
    const auto& all = prediction.probabilities;
    const double right = all[static_cast<std::size_t>(prediction.answer - 'A')];
    const auto better = std::count_if(all.begin(), all.end(), [&](double any) { return any > right; });
    sum += better < 3 ? 1.0 / static_cast<double>(better + 1) : 0;
  }
  char text[16];
  std::snprintf(text, sizeof text, "%.4f", sum / static_cast<double>(predictions.size()));
  return text;
}

} // namespace

TEST_CASE("folds give out-of-fold predictions: every question once, and their MAP@3") {
  const School school;
  const ProgramResult run = school.train("out", {"--run", "0", "--folds", "3", "--max-steps", "3"});
  INFO(run.err);
  REQUIRE(run.status == 0);
  const std::vector<Prediction> all = read_predictions(school / "out/run_0_out_of_fold.csv");
  std::set<std::string> places;
  std::map<std::string, int> by_model;
  for (const Prediction& prediction : all) {
    places.insert(prediction.place);
    ++by_model[prediction.run];
  }
  CHECK(all.size() == 15);
  CHECK(places.size() == 15);
  CHECK(by_model == std::map<std::string, int>{{"run_0_fold_0", 5}, {"run_0_fold_1", 5}, {"run_0_fold_2", 5}});
  const std::string map_at_3 = mean_map_at_3(all);
  CHECK(school.lock("out")["scores"]["run_0 out of fold, MAP@3"] == map_at_3);
  CHECK_THAT(run.out, ContainsSubstring("run_0 out of fold, MAP@3") && ContainsSubstring(map_at_3));
}

TEST_CASE("training uses the folds that `data` has dealt, and their number must be given") {
  School school;
  REQUIRE(sciexam_run({"data", "--input", school / "data/exam.csv", "--out", school / "data/dealt.csv", "--folds", "3"})
              .status == 0);
  school.manifest()["data"][0]["name"] = "dealt.csv";
  school.save();
  const ProgramResult run = school.train("out", {"--run", "0", "--folds", "3", "--max-steps", "1"});
  INFO(run.err);
  REQUIRE(run.status == 0);
  CHECK_THAT(run.err, ContainsSubstring("run_0_fold_2: folds are as the column fold says"));
  std::map<std::string, std::string> dealt, held_out; // of each place
  std::istringstream lines(read_bytes(school / "data/dealt.csv"));
  int row = 0;
  for (std::string line; std::getline(lines, line);)
    if (++row > 1)
      dealt["dealt.csv, row " + std::to_string(row)] = std::string("run_0_fold_") + line.back();
  for (const Prediction& prediction : read_predictions(school / "out/run_0_out_of_fold.csv"))
    held_out[prediction.place] = prediction.run;
  CHECK(held_out == dealt);
  const ProgramResult fewer = school.train("fewer", {"--folds", "2"}), more = school.train("more", {"--folds", "4"});
  CHECK(fewer.status == 2);
  CHECK_THAT(fewer.err, ContainsSubstring("dealt.csv, row ") && ContainsSubstring(", column fold: the fold is \"2\""));
  CHECK(more.status == 2);
  CHECK_THAT(more.err, ContainsSubstring("run_0_fold_3: has no questions to validate with"));
}

TEST_CASE("out of fold, a question is answered by the model that did not learn it") {
  const School school;
  const std::vector<std::string> folds = {"--run", "0",           "--folds",
                                          "3",     "--max-steps", "3"}; // an epoch of ten questions
  REQUIRE(school.train("before", folds).status == 0);
  const Prediction first = read_predictions(school / "before/run_0_out_of_fold.csv").front();
  // Another answer to one question: only the model that never sees it stays the same.
  std::string exam = read_bytes(school / "data/exam.csv");
  std::size_t line = 0;
  for (int row = std::stoi(first.place.substr(first.place.find("row ") + 4)); row > 1; --row)
    line = exam.find('\n', line) + 1;
  char& answer = exam[exam.find('\n', line) - 1];
  REQUIRE(answer == first.answer);
  answer = answer == 'A' ? 'B' : 'A';
  write_bytes(school / "data/exam.csv", exam);
  REQUIRE(school.train("after", folds).status == 0);
  const json before = school.lock("before"), after = school.lock("after");
  for (std::size_t fold = 0; fold < 3; ++fold) {
    INFO("fold " << fold);
    CHECK((weights_of(before, fold) == weights_of(after, fold)) == (before["runs"][fold]["name"] == first.run));
  }
}

TEST_CASE("runs with the same validation questions get an ensemble's MAP@3, from the mean of their probabilities") {
  School school;
  school.validate_with_exam();
  const ProgramResult run = school.train("out");
  INFO(run.err);
  REQUIRE(run.status == 0);
  std::vector<Prediction> mean = read_predictions(school / "out/run_0/predictions.csv");
  const std::vector<Prediction> other = read_predictions(school / "out/run_1/predictions.csv");
  REQUIRE(mean.size() == 15);
  REQUIRE(other.size() == 15);
  for (std::size_t q = 0; q < mean.size(); ++q)
    for (std::size_t option = 0; option < 5; ++option)
      mean[q].probabilities[option] += other[q].probabilities[option];
  const json scores = school.lock("out")["scores"];
  CHECK(scores["ensemble of 2, mean softmax, MAP@3"] == mean_map_at_3(mean));
}

// From somebody's question sets to a training set, and from articles to new questions.
#include "end_to_end/program.hpp"
#include "temporary_folder.hpp"

#include <map>
#include <sstream>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <nlohmann/json.hpp>

using namespace sciexam::test;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::StartsWith;

namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

const std::string kFirst = "id,prompt,A,B,C,D,E,answer\n"
                           "0,What makes the tides of the sea?,The Moon,Wind,Fish,Boats,Rain,A\n"
                           "1,What is Mars  &amp; why?,Planet,Star,Comet,Rock,Cloud,A\n"
                           "2,Broken,1,1,2,3,4,A\n";
const std::string kSecond = "label,question,option1,option2,option3,option4\n"
                            "4,Which metal is liquid at room temperature?,Iron,Gold,Tin,Mercury\n"
                            "1,what makes the tides of the sea,The Moon,Storms,Fish,Ships\n"
                            "2,Which gas do plants take up?,Oxygen,Carbon dioxide,Helium,Neon\n";

/// What a service would answer to one request: `questions`.
std::string respond(const std::string& request, const Json& questions) {
  Json choices = Json::array();
  choices.push_back({{"finish_reason", "stop"}, {"message", {{"content", Json{{"questions", questions}}.dump()}}}});
  return Json{{"custom_id", Json::parse(request).at("custom_id")},
              {"response", {{"status_code", 200}, {"body", {{"choices", choices}}}}},
              {"error", nullptr}}
      .dump();
}

Json question(const std::string& prompt, const std::string& fifth) {
  return {{"prompt", prompt}, {"A", "One"}, {"B", "Two"}, {"C", "Three"}, {"D", "Four"}, {"E", fifth}, {"answer", "D"}};
}

/// The cells of CSV text whose first and last ones have no quotes; commas inside of others split them.
std::vector<std::vector<std::string>> simple_rows(const std::string& text) {
  std::vector<std::vector<std::string>> rows;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream cells(line);
    rows.emplace_back();
    for (std::string cell; std::getline(cells, cell, ',');)
      rows.back().push_back(cell);
  }
  return rows;
}

} // namespace

TEST_CASE("data: sets of two forms become one clean training set with a report") {
  const TemporaryFolder folder;
  write_bytes(folder / "first.csv", kFirst);
  write_bytes(folder / "second.csv", kSecond);
  const ProgramResult run =
      sciexam_run({"data", "--input", folder / "first.csv", folder / "second.csv", "--out", folder / "train.csv",
                   "--report", folder / "data.html", "--rejected", folder / "rejected.csv"});
  INFO(run.err);
  REQUIRE(run.status == 0);
  CHECK(read_bytes(folder / "train.csv") ==
        "id,prompt,A,B,C,D,E,answer,source\n"
        "first-0,What makes the tides of the sea?,The Moon,Wind,Fish,Boats,Rain,A,first\n"
        "first-1,What is Mars & why?,Planet,Star,Comet,Rock,Cloud,A,first\n"
        "second-2,Which metal is liquid at room temperature?,Iron,Gold,Tin,Mercury,,D,second\n"
        "second-4,Which gas do plants take up?,Oxygen,Carbon dioxide,Helium,Neon,,B,second\n");
  CHECK_THAT(run.out, ContainsSubstring("left out: two equal options: 1") &&
                          ContainsSubstring("left out: near-duplicate: 1") &&
                          ContainsSubstring("train.csv: 4 questions"));
  CHECK_THAT(read_bytes(folder / "data.html"), StartsWith("<!DOCTYPE html>") && ContainsSubstring("two equal options"));
  CHECK_THAT(read_bytes(folder / "rejected.csv"),
             ContainsSubstring("second.csv,3,near-duplicate,\"similarity 1.00 to first.csv, row 2\""));
}

TEST_CASE("data: held-out questions go, options are shuffled by the seed, folds are dealt") {
  const TemporaryFolder folder;
  write_bytes(folder / "first.csv", kFirst);
  write_bytes(folder / "second.csv", kSecond);
  const auto run = [&](const std::string& out, const std::string& seed) {
    const ProgramResult result =
        sciexam_run({"data", "--input", folder / "second.csv", "--hold-out", folder / "first.csv", "--out",
                     folder / out, "--shuffle-options", "--folds", "2", "--seed", seed});
    INFO(result.err);
    REQUIRE(result.status == 0);
    return read_bytes(folder / out);
  };
  const std::string first = run("a.csv", "1");
  CHECK(first == run("b.csv", "1"));
  CHECK(first != run("c.csv", "2"));
  CHECK_THAT(first, StartsWith("id,prompt,A,B,C,D,E,answer,source,fold\n") && !ContainsSubstring("tides"));
}

TEST_CASE("data: JSON lines become a training set, and what is not used is named") {
  const TemporaryFolder folder;
  write_bytes(folder / "set.jsonl",
              R"({"id":"q1","question":{"stem":"Which tool measures heat?","choices":[{"label":"1","text":"ruler"},)"
              R"({"label":"2","text":"thermometer"}]},"answerKey":"2","level":"easy"})"
              "\n");
  const ProgramResult run = sciexam_run(
      {"data", "--input", folder / "set.jsonl", "--out", folder / "train.csv", "--report", folder / "r.html"});
  INFO(run.err);
  REQUIRE(run.status == 0);
  CHECK(read_bytes(folder / "train.csv") == "id,prompt,A,B,C,D,E,answer,source\n"
                                            "q1,Which tool measures heat?,ruler,thermometer,,,,B,set\n");
  CHECK_THAT(run.out, ContainsSubstring("set: not used: level\n"));
  CHECK_THAT(read_bytes(folder / "r.html"), ContainsSubstring("JSON lines: question.stem, 2 options"));
}

TEST_CASE("data: a wrong command line or input is exit status 2, and nothing is written") {
  const TemporaryFolder folder;
  write_bytes(folder / "first.csv", kFirst);
  write_bytes(folder / "unclear.csv", "prompt,A,B,C,answer\np,x,y,z,1\nq,x,y,z,2\n");
  const std::string out = folder / "out.csv";
  for (const auto& [arguments, message] : std::vector<std::pair<std::vector<std::string>, std::string>>{
           {{}, "--input is missing"},
           {{"--input", folder / "first.csv"}, "--out is missing"},
           {{"--input", folder / "none.csv", "--out", out}, "none.csv: cannot be opened"},
           {{"--input", folder / "unclear.csv", "--out", out}, "Give --answer-base"},
           {{"--input", folder / "first.csv", "--out", out, "--answer-base", "2"}, "--answer-base"},
           {{"--input", folder / "first.csv", "--out", out, "--drop-easy", "0.9"}, "Give --package DIR"},
           {{"--input", folder / "first.csv", "--out", out, "--report", folder / "no" / "r.html"},
            "there is no folder"},
           {{"--input", folder / "first.csv", "--out", out, "--report", out}, "also given by another option"},
           {{"--input", folder / "first.csv", "--out", folder.path()}, "is a folder"},
           {{"--input", folder / "first.csv", "--out", folder / "first.csv"}, "also given by another option"},
           {{"--input", folder / "first.csv", "--out", out, "--drop-easy", "0.9", "--package", folder.path()},
            "is not a package"},
           {{"prompts", "--articles", folder / "first.csv", "--model", "m", "--out", folder / "no" / "r.jsonl"},
            "there is no folder"},
           {{"--input", folder / "first.csv", "--out", out, "--folds", "3"}, "Give fewer --folds"},
           {{"--input", folder / "first.csv", "--hold-out", folder / "first.csv", "--out", out}, "no question is left"},
           {{"--input", folder / "first.csv", "--out", out, "--near-duplicate-threshold", "0.1"}, "threshold"}}) {
    std::vector<std::string> command = {"data"};
    command.insert(command.end(), arguments.begin(), arguments.end());
    const ProgramResult run = sciexam_run(command);
    CHECK(run.status == 2);
    CHECK_THAT(run.err, ContainsSubstring(message));
    CHECK_FALSE(fs::exists(out));
  }
  CHECK(read_bytes(folder / "first.csv") == kFirst);
}

TEST_CASE("data: every command of data explains itself") {
  CHECK_THAT(sciexam_run({"data", "--help"}).out,
             ContainsSubstring("--near-duplicate-threshold") && ContainsSubstring("JSON"));
  CHECK_THAT(sciexam_run({"data", "prompts", "--help"}).out, ContainsSubstring("--questions-per-passage"));
  CHECK_THAT(sciexam_run({"data", "import", "--help"}).out, ContainsSubstring("--responses"));
}

TEST_CASE("data: articles become requests, and their responses questions") {
  const TemporaryFolder folder;
  const std::string passage(300, 'x');
  write_bytes(folder / "articles.jsonl", Json{{"title", "Tides"}, {"text", passage + "\n" + passage}}.dump() + "\n");
  const ProgramResult asked =
      sciexam_run({"data", "prompts", "--articles", folder / "articles.jsonl", "--out", folder / "r.jsonl", "--model",
                   "some-model", "--passage-characters", "400", "--questions-per-passage", "3"});
  INFO(asked.err);
  REQUIRE(asked.status == 0);
  const std::string requests = read_bytes(folder / "r.jsonl");
  const std::size_t end = requests.find('\n');
  CHECK_THAT(asked.out, ContainsSubstring("2 passages, 3 questions each"));

  write_bytes(folder / "responses.jsonl",
              respond(requests.substr(0, end),
                      Json::array({question("Which is even?", "Five"), question("Which is odd?", "One")})) +
                  "\n" + respond(requests.substr(end + 1), Json::array({question("which IS even", "Five")})) +
                  "\nbroken\n");
  const ProgramResult imported =
      sciexam_run({"data", "import", "--articles", folder / "articles.jsonl", "--responses", folder / "responses.jsonl",
                   "--out", folder / "new.csv", "--rejected", folder / "rejected.csv"});
  INFO(imported.err);
  REQUIRE(imported.status == 0);
  const std::string id = Json::parse(requests.substr(0, end)).at("custom_id");
  CHECK(read_bytes(folder / "new.csv") == "id,prompt,A,B,C,D,E,answer,context,source\n" + id +
                                              "-q1,Which is even?,One,Two,Three,Four,Five,D," + passage +
                                              ",responses\n");
  CHECK_THAT(read_bytes(folder / "rejected.csv"), ContainsSubstring("two equal options,E: One,Which is odd?") &&
                                                      ContainsSubstring("near-duplicate,\"similarity 1.00") &&
                                                      ContainsSubstring("malformed response"));
}

TEST_CASE("data: what an ensemble is sure of can be dropped") {
  const TemporaryFolder folder;
  const ProgramResult evaluated = sciexam_run(
      {"evaluate", "--test", kSmallExam, "--package", kSmallPackage, "--probabilities", folder / "probabilities.csv"});
  INFO(evaluated.err);
  REQUIRE(evaluated.status == 0);
  std::map<std::string, std::vector<double>> ensemble;
  for (const std::vector<std::string>& cells : simple_rows(read_bytes(folder / "probabilities.csv")))
    if (cells.at(1) == "ensemble")
      for (std::size_t i = 2; i < 7; ++i)
        ensemble[cells[0]].push_back(std::stod(cells.at(i)));

  const ProgramResult run = sciexam_run(
      {"data", "--input", kSmallExam, "--out", folder / "hard.csv", "--drop-easy", "0.25", "--package", kSmallPackage});
  INFO(run.err);
  REQUIRE(run.status == 0);
  const std::string hard = read_bytes(folder / "hard.csv");
  std::size_t easy = 0;
  for (const std::vector<std::string>& cells : simple_rows(read_bytes(kSmallExam))) {
    if (cells[0] == "id")
      continue;
    const bool sure = ensemble.at(cells[0]).at(static_cast<std::size_t>(cells.back()[0] - 'A')) > 0.25;
    CHECK((hard.find("\n" + cells[0] + ",") == std::string::npos) == sure);
    easy += sure;
  }
  CHECK(easy > 0);
  CHECK(easy < 15);
  CHECK_THAT(run.out, ContainsSubstring("left out: easy for the ensemble: " + std::to_string(easy) + "\n"));
}

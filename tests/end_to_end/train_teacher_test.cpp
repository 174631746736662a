// Training from a teacher: a package, checkpoints or a table, with and without answers, killed and checked again.
#include "end_to_end/school.hpp"

#include <chrono>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace sciexam::test;
using Catch::Matchers::ContainsSubstring;

namespace {

namespace fs = std::filesystem;
using nlohmann::json;

void learn_from(School& school, const json& teacher) {
  school.manifest()["teacher"] = teacher;
  school.manifest()["settings"]["distillation_alpha"] = 0.5;
  school.save();
}

json small_package() {
  return {{"package", {{"name", "small"}, {"identity", nullptr}}}};
}

json table_of(const char* name) {
  return {{"tables", json::array({{{"data", "exam.csv"}, {"name", name}, {"sha256", nullptr}}})}};
}

std::vector<std::string> options(std::vector<std::string> more = {}) {
  more.insert(more.end(), {"--run", "0", "--teacher", kSmallPackage.string()});
  return more;
}

/// The exam without its column answer, which is the last.
void take_answers(const School& school) {
  std::string text = read_bytes(school / "data/exam.csv");
  for (std::size_t end = text.find('\n'); end != std::string::npos; end = text.find('\n', end + 1)) {
    const std::size_t comma = text.rfind(',', end);
    if (comma != std::string::npos && end - comma <= std::string(",answer").size()) {
      text.erase(comma, end - comma);
      end = comma;
    }
  }
  write_bytes(school / "data/exam.csv", text);
}

} // namespace

TEST_CASE("a teacher's answers are computed once, are in the lock, and the same weights come out again") {
  School school;
  if (GENERATE(false, true))
    school.open_the_book();
  learn_from(school, small_package());
  const ProgramResult run = school.train("out", options());
  INFO(run.err);
  REQUIRE(run.status == 0);
  CHECK_THAT(run.err, ContainsSubstring("the teacher, 3 models, answers"));
  const json lock = school.lock("out");
  CHECK(lock["teacher"]["package"]["identity"] ==
        json::parse(read_bytes(kSmallPackage / "manifest.json"))["manifest_sha256"]);
  CHECK(lock["teacher"]["answers_sha256"].get<std::string>().size() == 64);
  CHECK(fs::exists(school / "out/teacher.safetensors"));
  CHECK_THAT(read_bytes(school / "out/report.html"), ContainsSubstring("distillation_alpha"));

  const ProgramResult again = school.train("out", options({"--resume"}));
  CHECK(again.status == 0);
  CHECK_THAT(again.err, ContainsSubstring("the teacher's answers are in") && !ContainsSubstring("answers 2"));
  const ProgramResult checked =
      sciexam_run({"train", "--check", school / "out/lock.json", "--base", school / "base", "--data", school / "data",
                   "--teacher", kSmallPackage, "--out", school / "checked"});
  INFO(checked.err);
  CHECK(checked.status == 0);
  CHECK_THAT(checked.out, ContainsSubstring("run_0: the same weights"));
  school.manifest()["settings"]["distillation_alpha"] = 0;
  school.save();
  REQUIRE(school.train("untaught", {"--run", "0"}).status == 0);
  CHECK(weights_of(school.lock("untaught")) != weights_of(lock));
}

TEST_CASE("a killed training with a teacher resumes to the same weights") {
  School school;
  learn_from(school, small_package());
  REQUIRE(school.train("whole", options()).status == 0);
  const std::vector<std::string> arguments = school.arguments("killed", options({"--resume"}));
  for (const int time : {60, 120, 200, 300})
    kill_after(arguments, std::chrono::milliseconds(time));
  const ProgramResult run = sciexam_run(arguments);
  INFO(run.err);
  REQUIRE(run.status == 0);
  CHECK(weights_of(school.lock("killed")) == weights_of(school.lock("whole")));
}

TEST_CASE("checkpoints teach what the package of them teaches, and leave nothing behind but the answers") {
  School school;
  REQUIRE(school.train("teachers").status == 0);
  for (const char* run : {"run_0", "run_1"})
    fs::rename(school / "teachers" / run / "last", school / (std::string("teachers/") + run + "_final"));
  REQUIRE(sciexam_run({"pack", "--models", school / "teachers/run_0_final", school / "teachers/run_1_final",
                       "--precision", "f32", "--out", school / "package"})
              .status == 0);
  learn_from(school, small_package());
  REQUIRE(school.train("by_package", {"--run", "0", "--teacher", school / "package"}).status == 0);
  learn_from(school, {{"checkpoints", json::array({{{"name", "run_0_final"}, {"sha256", nullptr}},
                                                   {{"name", "run_1_final"}, {"sha256", nullptr}}})}});
  const ProgramResult run = school.train("by_checkpoints", {"--run", "0", "--teacher", school / "teachers"});
  INFO(run.err);
  REQUIRE(run.status == 0);
  CHECK(school.lock("by_checkpoints")["teacher"]["checkpoints"].size() == 2);
  CHECK(weights_of(school.lock("by_checkpoints")) == weights_of(school.lock("by_package")));
  CHECK(!fs::exists(school / "by_checkpoints/.teacher"));
}

TEST_CASE("a table of probabilities teaches, and one of other questions or another hash does not fit") {
  School school;
  REQUIRE(sciexam_run({"evaluate", "--package", kSmallPackage, "--test", school / "data/exam.csv", "--combine",
                       "mean-logits", "--probabilities", school / "data/table.csv"})
              .status == 0);
  learn_from(school, table_of("table.csv"));
  const ProgramResult run = school.train("out", {"--run", "0"});
  INFO(run.err);
  REQUIRE(run.status == 0);
  CHECK(school.lock("out")["teacher"]["tables"][0]["data"] == "exam.csv");

  school.manifest()["teacher"]["tables"][0]["sha256"] = std::string(64, '0');
  school.save();
  const ProgramResult hash = school.train("hash", {"--run", "0"});
  CHECK(hash.status == 2);
  CHECK_THAT(hash.err, ContainsSubstring("table.csv") && ContainsSubstring("but the manifest asks for 0000"));

  learn_from(school, table_of("table.csv"));
  std::string exam = read_bytes(school / "data/exam.csv");
  exam.replace(exam.find("Why does"), 8, "How does");
  write_bytes(school / "data/exam.csv", exam);
  const ProgramResult other = school.train("other", {"--run", "0"});
  CHECK(other.status == 2);
  CHECK_THAT(other.err, ContainsSubstring("table.csv, row ") && ContainsSubstring("question_hash") &&
                            ContainsSubstring("its question is not the one of that id in exam.csv, row 2"));
}

TEST_CASE("questions without answers learn from the teacher alone, and without one they are refused") {
  School school;
  take_answers(school);
  const ProgramResult refused = school.train("refused", {"--run", "0"});
  CHECK(refused.status == 2);
  CHECK_THAT(refused.err, ContainsSubstring("exam.csv: has no column answer") && ContainsSubstring("or a teacher"));
  learn_from(school, small_package());
  const ProgramResult run = school.train("out", options());
  INFO(run.err);
  REQUIRE(run.status == 0);
  CHECK_THAT(run.err, ContainsSubstring("have no answer: the teacher's counts alone"));
  const ProgramResult untaught = school.train("untaught", options({"--distillation-alpha", "0"}));
  CHECK(untaught.status == 2);
  CHECK_THAT(untaught.err,
             ContainsSubstring("run_0: exam.csv, row 2 has no answer") && ContainsSubstring("Set distillation_alpha"));
}

TEST_CASE("a teacher that does not fit is refused with one message, before anything is trained") {
  School school;
  const auto refused = [&](const std::string& out, const std::vector<std::string>& more) {
    const ProgramResult run = school.train(out, more);
    CHECK(run.status == 2);
    CHECK(!fs::exists(school / out / "run_0"));
    return run.err;
  };
  school.manifest()["settings"]["distillation_alpha"] = 0.5;
  school.save();
  CHECK_THAT(refused("none", options()), ContainsSubstring("but the manifest names no teacher"));
  learn_from(school, small_package());
  CHECK_THAT(refused("nowhere", {"--run", "0"}), ContainsSubstring("Give its folder with --teacher"));
  school.manifest()["teacher"]["package"]["identity"] = std::string(64, 'a');
  school.save();
  CHECK_THAT(refused("identity", options()), ContainsSubstring("but the manifest's teacher is aaaa"));
  learn_from(school, small_package());
  REQUIRE(school.train("out", options()).status == 0);
  fs::remove_all(school / "out/run_0");
  school.manifest()["max_length"] = 64;
  school.save();
  CHECK_THAT(refused("out", options()),
             ContainsSubstring("teacher.safetensors: has the answers of another teacher, to other questions"));
}

TEST_CASE("evaluation compares a student with its teacher, and draws it") {
  const School school;
  const std::vector<std::string> command = {"evaluate", "--package", kSmallPackage, "--test", kSmallExam};
  std::vector<std::string> with_itself = command;
  with_itself.insert(with_itself.end(), {"--teacher", kSmallPackage, "--report", school / "page.html"});
  const ProgramResult run = sciexam_run(with_itself);
  INFO(run.err);
  REQUIRE(run.status == 0);
  CHECK_THAT(run.out, ContainsSubstring("the first guess is the same for 100.0 %, the order of three for 100.0 %") &&
                          ContainsSubstring("KL(teacher || student) 0.0000") &&
                          ContainsSubstring("the teacher takes "));
  CHECK_THAT(read_bytes(school / "page.html"), ContainsSubstring("A student and its teacher") &&
                                                   ContainsSubstring("<svg") && ContainsSubstring("standard error"));
}

TEST_CASE("a student begins with the layers of its base that it names") {
  School school;
  json config = json::parse(read_bytes(school / "base/config.json"));
  config["num_hidden_layers"] = 3;
  write_bytes(school / "base/config.json", config.dump());
  REQUIRE(school.train("whole", {"--run", "0"}).status == 0);
  fs::copy(school / "whole/run_0/last/model.safetensors", school / "base/model.safetensors");
  json& base = school.manifest()["base"];
  base["files"].push_back({{"name", "model.safetensors"}, {"sha256", nullptr}});
  base["initial_weights"] = {{"from", "checkpoint"}, {"layers", {2, 0}}};
  school.save();
  const ProgramResult run = school.train("student", {"--run", "0"});
  INFO(run.err);
  REQUIRE(run.status == 0);
  CHECK(json::parse(read_bytes(school / "student/run_0/last/config.json"))["num_hidden_layers"] == 2);
  CHECK(school.lock("student")["manifest"]["base"]["initial_weights"]["layers"] == json({2, 0}));
  base["initial_weights"]["layers"] = {0, 7};
  school.save();
  const ProgramResult refused = school.train("refused", {"--run", "0"});
  CHECK(refused.status == 2);
  CHECK_THAT(refused.err, ContainsSubstring("the base has no layer 7: it has 3 layers"));
}

// Training in a notebook: what the program finds by itself, an earlier session's output, and the time limit.
#include "end_to_end/kaggle_root.hpp"
#include "end_to_end/school.hpp"
#include "support/files/sha256.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace sciexam;
using namespace sciexam::test;
using Catch::Matchers::ContainsSubstring;
using nlohmann::json;

namespace {

namespace fs = std::filesystem;

/// Kaggle's root with a school's files among its inputs, base and data in datasets of their own.
class Class {
public:
  explicit Class(const std::string& datasets = "") : datasets_("kaggle/input/" + datasets) {
    KaggleRoot::require_root();
    school_.manifest()["settings"]["max_steps"] = 4;
    for (json& file : school_.manifest()["base"]["files"])
      file["sha256"] = sha256_of_file(school_ / ("base/" + file["name"].get<std::string>()));
    put_manifest("plans");
    copy("base", "the-base");
    copy("data", "questions");
  }
  void put_manifest(const std::string& dataset) const {
    school_.save();
    fs::create_directories(folder(dataset));
    fs::copy_file(school_ / "manifest.json", folder(dataset) / "lesson.json", fs::copy_options::overwrite_existing);
  }
  json& manifest() { return school_.manifest(); }
  fs::path folder(const std::string& dataset) const { return root_ / (datasets_ + dataset); }
  fs::path operator/(const std::string& name) const { return root_ / name; }
  ProgramResult train(std::vector<std::string> more = {}, const std::vector<std::string>& environment = {}) const {
    std::vector<std::string> all = {"train",     "--manifest", "lesson.json", "--out", "/kaggle/working/training",
                                    "--threads", "1",          "--resume"};
    all.insert(all.end(), more.begin(), more.end());
    return root_.run(all, environment);
  }
  /// The output becomes an input of the next session.
  void attach_output(const std::string& notebook) const {
    fs::create_directories(root_ / ("kaggle/input/" + notebook));
    fs::rename(root_ / "kaggle/working/training", root_ / ("kaggle/input/" + notebook + "/training"));
  }
  json lock() const { return json::parse(read_bytes(root_ / "kaggle/working/training/lock.json")); }

  /// It is refused with this text, and leaves nothing.
  void refuses(const std::string& text, const std::vector<std::string>& more = {}) const {
    const ProgramResult run = train(more);
    INFO(run.err);
    CHECK(run.status == 2);
    CHECK_THAT(run.err, ContainsSubstring(text));
    CHECK_FALSE(fs::exists(root_ / "kaggle/working/training"));
  }

private:
  void copy(const std::string& from, const std::string& dataset) const {
    fs::create_directories(folder(dataset));
    fs::copy(school_ / from, folder(dataset));
  }

  School school_;
  KaggleRoot root_;
  std::string datasets_;
};

} // namespace

TEST_CASE(
    "a training finds its manifest, base and questions in both layouts of Kaggle's mounts, whatever else is there") {
  for (const char* datasets : {"", "datasets/somebody/"}) {
    const Class room(datasets);
    fs::create_directories(room.folder("a-package"));
    fs::copy(kSmallPackage, room.folder("a-package")); // has a config.json of another content
    write_bytes(room.folder("a-package") / "config.json", "{}");
    const ProgramResult run = room.train();
    INFO(run.err);
    CHECK(run.status == 0);
    CHECK_THAT(run.err, ContainsSubstring("plans/lesson.json (found under /kaggle/input)") &&
                            ContainsSubstring("the-base/config.json") && ContainsSubstring("questions/exam.csv"));
    CHECK(room.lock()["runs"].size() == 2);
  }
}

TEST_CASE("what a training lacks on Kaggle is refused, with what to attach") {
  Class room;
  SECTION("manifest") {
    fs::remove(room.folder("plans") / "lesson.json");
    room.refuses("no manifest lesson.json was found in ");
    room.refuses("Attach a dataset that holds it");
  }
  SECTION("base") {
    fs::remove_all(room.folder("the-base"));
    room.refuses("no config.json was found in ");
    room.refuses("Attach a dataset that holds it, or give its folder with --base");
  }
  SECTION("another base") {
    write_bytes(room.folder("the-base") / "config.json", "{}");
    room.refuses("config.json: no file of this name has sha256 ");
  }
  SECTION("questions") {
    fs::remove_all(room.folder("questions"));
    room.refuses("no exam.csv was found in ");
  }
  SECTION("a sha256 that would tell two files apart") {
    fs::create_directories(room.folder("z-set"));
    write_bytes(room.folder("z-set") / "exam.csv", "id,prompt,A,B,C,D,E,answer\n1,x,a,b,c,d,e,A\n");
    room.refuses("exam.csv: there are different files of this name, and the manifest gives no sha256: ");
  }
  SECTION("a choice between two manifests") {
    room.manifest()["settings"]["max_steps"] = 5;
    room.put_manifest("other-plans");
    room.refuses("lesson.json: there are different manifests of this name: /kaggle/input/other-plans/lesson.json");
  }
  SECTION("a name of a manifest") {
    const ProgramResult run = sciexam_run({"train", "--out", room / "out"});
    CHECK(run.status == 2);
    CHECK_THAT(run.err, ContainsSubstring("no manifest is given. Name one with --manifest"));
  }
}

TEST_CASE("equal copies of a manifest or of questions are no choice to make") {
  const Class room;
  room.put_manifest("other-plans");
  fs::create_directories(room.folder("z-set"));
  fs::copy_file(room.folder("questions") / "exam.csv", room.folder("z-set") / "exam.csv");
  const ProgramResult run = room.train({"--run", "0"});
  INFO(run.err);
  CHECK(run.status == 0);
}

TEST_CASE("a training stops in time with exit status 3, and goes on in a session that has its output as an input") {
  for (const char* notebook : {"my-notebook", "notebooks/somebody/my-notebook"}) {
    Class room;
    REQUIRE(room.train().status == 0);
    const json whole = room.lock();
    fs::remove_all(room / "kaggle/working/training");
    const ProgramResult stopped = room.train({"--max-steps", "100000", "--time-limit", "3s"});
    INFO(stopped.err);
    CHECK(stopped.status == 3);
    CHECK_THAT(stopped.err, ContainsSubstring("run_0: the time is up after step ") &&
                                ContainsSubstring("THE TIME IS UP, and not done: run_0, run_1") &&
                                ContainsSubstring("attach its output as an input and run it again"));
    CHECK_THAT(read_bytes(room / "kaggle/working/training/report.html"), ContainsSubstring("run_0"));
    room.attach_output(notebook);
    room.refuses("/training/run_0: an earlier output, but of a run with another manifest", {"--max-steps", "1000"});

    const ProgramResult on = room.train({"--max-steps", "100000"}, {"SCIEXAM_TIME_LIMIT=3s"});
    CHECK(on.status == 3);
    CHECK_THAT(on.err, ContainsSubstring("run_0: taken over from /kaggle/input/" + std::string(notebook) +
                                         "/training/run_0, where it is after step ") &&
                           ContainsSubstring("run_0: continues after step "));
    fs::remove_all(room / ("kaggle/input/" + std::string(notebook)));
    fs::remove_all(room / "kaggle/working/training");
    REQUIRE(room.train({"--run", "1"}).status == 0);
    room.attach_output(notebook);
    const ProgramResult all = room.train();
    INFO(all.err);
    CHECK(all.status == 0);
    CHECK_THAT(all.err, ContainsSubstring("run_1: has already finished"));
    CHECK(weights_of(room.lock(), 0) == weights_of(whole, 0));
    CHECK(weights_of(room.lock(), 1) == weights_of(whole, 1));
  }
}

TEST_CASE("a wrong time limit in the environment is named, and without Kaggle there is none") {
  const School school;
  std::vector<std::string> command = school.arguments("out", {"--run", "0"});
  command.insert(command.begin(), program());
  const ProgramResult wrong = run_command(command, {}, {"SCIEXAM_TIME_LIMIT=soon"});
  CHECK(wrong.status == 2);
  CHECK_THAT(wrong.err, ContainsSubstring("SCIEXAM_TIME_LIMIT: 'soon' is not a duration"));
  const ProgramResult none = run_command(command);
  CHECK(none.status == 0);
  CHECK_THAT(none.err, !ContainsSubstring("time: "));
}

TEST_CASE("runs of several output folders are collected, and nothing is trained again") {
  const School school;
  REQUIRE(school.train("first", {"--run", "0"}).status == 0);
  REQUIRE(school.train("second", {"--run", "1"}).status == 0);
  const ProgramResult all =
      school.train("out", {"--resume", "--earlier", school / "first", "--earlier", school / "second"});
  INFO(all.err);
  CHECK(all.status == 0);
  CHECK_THAT(all.err,
             ContainsSubstring("run_0: has already finished") && ContainsSubstring("run_1: has already finished"));
  CHECK(weights_of(school.lock("out"), 0) == weights_of(school.lock("first")));
  CHECK(weights_of(school.lock("out"), 1) == weights_of(school.lock("second")));
  CHECK(school.train("other", {"--earlier", school / "first"}).status == 2); // only with --resume
}

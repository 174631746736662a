// Too little memory or disk: a complete submission is there all the same, and what is lost is reported.
#include "end_to_end/place.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace sciexam::test;
using Catch::Matchers::ContainsSubstring;

namespace {

namespace fs = std::filesystem;

bool may(const std::vector<std::string>& command) {
  return run_command(command).status == 0;
}

} // namespace

#ifndef SCIEXAM_SANITIZED // AddressSanitizer reserves terabytes
namespace {

std::vector<std::string> within(int megabytes, const std::vector<std::string>& command) {
  std::vector<std::string> limited = {"prlimit", "--as=" + std::to_string(megabytes) + "000000"};
  limited.insert(limited.end(), command.begin(), command.end());
  return limited;
}

/// The address space in which the program gets to main: its own size, which depends on the compiler, and a little.
int least_megabytes() {
  int megabytes = 50;
  while (megabytes < 500 && run_command(within(megabytes, {program(), "--version"})).status != 0)
    ++megabytes;
  return megabytes;
}

} // namespace

TEST_CASE("with too little memory it uses smaller batches, then fewer models, and never crashes") {
  if (!may({"prlimit", "--version"}))
    SKIP("no prlimit");
  Place place;
  std::string exam = kExam;
  exam.replace(exam.find("What is water?"), 14, std::string(800, 'w'));
  write_bytes(place / "test.csv", exam);
  bool degraded = false;
  // Small steps where nearly nothing works: there every allocation is the first to fail once.
  for (int megabytes = least_megabytes() + 2; megabytes <= 1000; megabytes += megabytes < 100 ? 2 : megabytes / 5) {
    fs::remove(place / "out.csv");
    const ProgramResult run = run_command(within(megabytes, place.command({"--threads", "2"})));
    INFO(megabytes << " MB: exit status " << run.status << "\n" << run.out << run.err);
    CHECK((run.status == 0 || run.status == 1 || run.status == 3));
    CHECK_THAT(run.err, !ContainsSubstring("a bug in sciexam"));
    CHECK(is_whole(place.submission()));
    degraded = degraded || run.out.find("memory ran out") != std::string::npos;
    if (megabytes > 800)
      CHECK(run.status == 0);
  }
  CHECK(degraded);
}
#endif

TEST_CASE("under a control group's limit it is never killed: models that do not fit are left out") {
  const fs::path group =
      "/sys/fs/cgroup/memory/sciexam_test"; // version 1; where there is version 2, by its file's name
  const fs::path unified = "/sys/fs/cgroup/sciexam_test";
  std::error_code failure;
  const bool first = fs::exists(group.parent_path() / "memory.limit_in_bytes", failure);
  const fs::path folder = first ? group : unified;
  const fs::path limit = folder / (first ? "memory.limit_in_bytes" : "memory.max");
  fs::create_directory(folder, failure);
  if (failure || !fs::exists(limit, failure))
    SKIP("control groups cannot be made here");
  const Place place;
  for (const int megabytes : {60, 110, 170, 600}) {
    fs::remove(place / "out.csv");
    write_bytes(limit, std::to_string(megabytes) + "000000");
    std::vector<std::string> command = {"/bin/sh", "-c", "echo $$ > \"$1/cgroup.procs\"; shift; exec \"$@\"", "sh",
                                        folder};
    const std::vector<std::string> program = place.command({"--threads", "2"});
    command.insert(command.end(), program.begin(), program.end());
    const ProgramResult run = run_command(command);
    INFO(megabytes << " MB: exit status " << run.status << "\n" << run.out << run.err);
    CHECK(is_whole(place.submission()));
    if (megabytes == 60 || megabytes == 600)
      CHECK(run.status == (megabytes == 60 ? 1 : 0));
    else
      CHECK((run.status == 0 || run.status == 1 || run.status == 3));
    if (megabytes == 60)
      CHECK_THAT(run.out, ContainsSubstring("of memory, but only ") && ContainsSubstring("is available"));
  }
  fs::remove(folder, failure); // a group is empty when its processes have ended
}

TEST_CASE("an output that cannot be written is reported before any model is loaded") {
  const Place place;
  for (const std::string output : {"/proc/submission.csv", "/nowhere/submission.csv"}) {
    const ProgramResult run =
        sciexam_run({"--package", place / "package", "--test", place / "test.csv", "--output", output});
    INFO(run.err);
    CHECK(run.status == 1);
    CHECK_THAT(run.err, ContainsSubstring(output.substr(0, output.rfind('/'))) && !ContainsSubstring("run_0"));
  }
}

TEST_CASE("on a disk that is full or read-only the run ends with one clear error") {
  if (!may({"unshare", "--mount", "true"}))
    SKIP("mounting needs root");
  const Place place;
  fs::create_directory(place / "disk");
  for (const auto& [options, sign] :
       {std::pair("size=4k,nr_inodes=2", "No space left"), std::pair("ro", "Read-only file system")}) {
    // The first inode is the folder, the second one a file that takes the only page.
    const std::string script = "mount -t tmpfs -o " + std::string(options) +
                               " none \"$1/disk\" && { dd if=/dev/zero of=\"$1/disk/filler\" bs=4k count=1 2> "
                               "/dev/null; shift; exec \"$@\"; }";
    std::vector<std::string> command = {"unshare", "--mount", "/bin/sh", "-c", script, "sh", place / ""};
    const std::vector<std::string> program = place.command({"--output", place / "disk/out.csv"});
    for (std::size_t i = 0; i < program.size(); ++i)
      if (program[i] != "--output" || i + 2 == program.size())
        command.push_back(program[i]);
      else
        ++i; // the first --output
    const ProgramResult run = run_command(command);
    INFO(options << "\n" << run.out << run.err);
    CHECK(run.status == 1);
    CHECK_THAT(run.err, ContainsSubstring(sign));
  }
}

TEST_CASE("a disk that becomes full keeps the earlier submission, and the run says so") {
  if (!may({"unshare", "--mount", "true"}))
    SKIP("mounting needs root");
  const Place place;
  fs::create_directory(place / "disk");
  // Two files fit: the first submission and its successor in the making. A named pipe, made when the first is there,
  // takes the second one's inode.
  const std::string script =
      "mount -t tmpfs -o nr_inodes=3 none \"$1/disk\" && "
      "{ (while [ ! -e \"$1/disk/out.csv\" ]; do sleep 0.01; done; mkfifo \"$1/disk/filler\") & } && "
      "{ d=$1; shift; \"$@\"; s=$?; wait; cat \"$d/disk/out.csv\"; exit $s; }";
  std::string exam = "id,prompt,A,B,C,D,E\n";
  for (int i = 0; i < 1000; ++i) // a second of work
    exam += std::to_string(i) + ",Which one is it?,a,bb,ccc,dddd,eeeee\n";
  write_bytes(place / "test.csv", exam);
  const ProgramResult run =
      run_command({"unshare", "--mount", "/bin/sh", "-c", script, "sh", place / "", program(), "--package",
                   place / "package", "--test", place / "test.csv", "--output", place / "disk/out.csv"});
  INFO(run.out << run.err);
  CHECK(run.status == 3);
  CHECK_THAT(run.out,
             ContainsSubstring("degraded: the submission holds earlier answers") && ContainsSubstring("\n999,E D C"));
}

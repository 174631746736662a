// Things that go wrong: a complete submission is there all the same, and what is lost is reported.
#include "end_to_end/golden_package.hpp"
#include "end_to_end/program.hpp"
#include "temporary_folder.hpp"

#include <algorithm>
#include <functional>
#include <sstream>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <unistd.h>

using namespace sciexam::test;
using Catch::Matchers::ContainsSubstring;

namespace {

namespace fs = std::filesystem;

constexpr const char* kExam =
    "id,prompt,A,B,C,D,E\nx,What is water?,H2O,CO2,NaCl,gold,the air\ny,Largest?,Mars,the Sun,a,b,c\n";
constexpr const char* kByLength = "id,prediction\nx,E C D\ny,B A C\n";

/// A folder with the demo's package and an exam.
class Place {
public:
  Place() {
    fs::copy(kDemo / "package", folder_ / "package");
    write_bytes(folder_ / "test.csv", kExam);
  }
  fs::path operator/(const std::string& name) const { return folder_ / name; }
  std::vector<std::string> command(const std::vector<std::string>& options = {}) const {
    std::vector<std::string> words = {
        program(), "--package", folder_ / "package", "--test", folder_ / "test.csv", "--output", folder_ / "out.csv"};
    words.insert(words.end(), options.begin(), options.end());
    return words;
  }
  std::string submission() const { return read_bytes(folder_ / "out.csv"); }

private:
  TemporaryFolder folder_;
};

void flip_middle(const fs::path& file) {
  std::string bytes = read_bytes(file);
  bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
  write_bytes(file, bytes);
}

/// True for "id,prediction" and a row of three different letters for x and y each.
bool is_whole(const std::string& submission) {
  std::istringstream lines(submission);
  std::string header, x, y, more;
  std::getline(lines, header);
  std::getline(lines, x);
  std::getline(lines, y);
  const auto good = [](const std::string& row, char id) {
    return row.size() == 7 && row[0] == id && row[1] == ',' && row[3] == ' ' && row[5] == ' ' && row[2] != row[4] &&
           row[2] != row[6] && row[4] != row[6] && row.find_first_not_of("ABCDE ", 2) == std::string::npos;
  };
  return header == "id,prediction" && good(x, 'x') && good(y, 'y') && !std::getline(lines, more);
}

bool may(const std::vector<std::string>& command) {
  return run_command(command).status == 0;
}

} // namespace

TEST_CASE("a model file that is truncated, damaged, missing or unreadable leaves the others to answer") {
  const std::vector<std::pair<std::string, std::function<void(const fs::path&)>>> faults = {
      {"truncated", [](const fs::path& file) { fs::resize_file(file, fs::file_size(file) / 2); }},
      {"damaged", flip_middle},
      {"missing", [](const fs::path& file) { fs::remove(file); }},
      {"a folder",
       [](const fs::path& file) {
         fs::remove(file);
         fs::create_directory(file);
       }},
      {"unreadable",
       [](const fs::path& file) { // also for root: a link to itself
         fs::remove(file);
         fs::create_symlink(file, file);
       }},
  };
  for (const auto& [name, damage] : faults) {
    const Place place;
    damage(place / "package/run_1.safetensors.zst");
    const ProgramResult run = run_command(place.command());
    INFO(name << "\n" << run.out << run.err);
    CHECK(run.status == 3);
    CHECK_THAT(run.out, ContainsSubstring("answered by 2 models") && ContainsSubstring("degraded: model run_1") &&
                            ContainsSubstring("run_1.safetensors.zst"));
    CHECK(is_whole(place.submission()));
  }
}

TEST_CASE("a package without a usable model leaves answers by length, and fails") {
  for (const char* file : {"spm.model", "manifest.json", "config.json"}) {
    const Place place;
    flip_middle(place / "package" / file);
    const ProgramResult run = run_command(place.command());
    INFO(file << "\n" << run.out << run.err);
    CHECK(run.status == 1);
    CHECK_THAT(run.out + run.err, ContainsSubstring(file));
    CHECK(place.submission() == kByLength);
  }
}

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
      CHECK_THAT(run.out, ContainsSubstring("of memory, and ") && ContainsSubstring("are available"));
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

TEST_CASE("an exam with a bad row is refused, unless the run is lenient: then the row is answered and reported") {
  const Place place;
  write_bytes(place / "test.csv", std::string(kExam) + "z,cut short,a\nw,What?,a,b,c,d,e\n");
  const ProgramResult strict = run_command(place.command());
  CHECK(strict.status == 2);
  CHECK_THAT(strict.err, ContainsSubstring("test.csv, row 4: has only 3 cells"));
  CHECK_FALSE(fs::exists(place / "out.csv"));
  const ProgramResult lenient = run_command(place.command({"--lenient"}));
  INFO(lenient.err);
  CHECK(lenient.status == 3);
  CHECK_THAT(lenient.out, ContainsSubstring("degraded: answered \"A B C\": ") && ContainsSubstring("row 4"));
  const std::string submission = place.submission();
  CHECK_THAT(submission, ContainsSubstring("\nz,A B C\nw,"));
  CHECK(is_whole(submission.substr(0, submission.find("z,"))));
}

TEST_CASE("an exam that is not comma-separated UTF-8 is refused, naming what it is, and nothing is written") {
  using namespace std::string_literals;
  std::string wide = "\xFF\xFE";
  for (const char* byte = kExam; *byte != '\0'; ++byte)
    wide += {*byte, '\0'};
  std::string semicolons = kExam, bars = kExam;
  std::replace(semicolons.begin(), semicolons.end(), ',', ';');
  std::replace(bars.begin(), bars.end(), ',', '|');
  for (const auto& [bytes, name] :
       {std::pair(wide, "is UTF-16 text (little-endian). Save it as UTF-8"),
        std::pair("\x1F\x8B\x08\0"s, "is a gzip archive"),
        std::pair("PK\x03\x04\x14\0[Content_Types].xml"s, "is an Office document (such as .xlsx)"),
        std::pair("version https://git-lfs.github.com/spec/v1\n"s, "is a Git LFS pointer"),
        std::pair("<!DOCTYPE html>\n<html></html>"s, "is a web page"), std::pair("[{\"id\": 0}]"s, "is JSON"),
        std::pair(semicolons, "row 1: has semicolons between cells"),
        std::pair("sep=;\n" + semicolons, "row 1: has semicolons between cells"),
        std::pair(bars, "row 1: has vertical bars (|) between cells")}) {
    const Place place;
    write_bytes(place / "test.csv", bytes);
    const ProgramResult run = run_command(place.command({"--lenient"}));
    INFO(run.err);
    CHECK(run.status == 2);
    CHECK_THAT(run.err, ContainsSubstring("test.csv") && ContainsSubstring(name));
    CHECK_FALSE(fs::exists(place / "out.csv"));
  }
}

TEST_CASE("an exam from a spreadsheet is read: a line sep=, carriage returns alone, empty rows at the end") {
  const Place place;
  REQUIRE(run_command(place.command()).status == 0);
  const std::string expected = place.submission();
  std::string old_lines = kExam;
  std::replace(old_lines.begin(), old_lines.end(), '\n', '\r');
  for (const std::string& exam :
       {std::string("sep=,\r\n") + kExam, old_lines, kExam + std::string(",,,,,,\n,,,,,,\n")}) {
    write_bytes(place / "test.csv", exam);
    fs::remove(place / "out.csv");
    const ProgramResult run = run_command(place.command());
    INFO(exam << run.err);
    CHECK(run.status == 0);
    CHECK(place.submission() == expected);
  }
}

TEST_CASE("a run that only answers does not refuse an exam for its answers, evaluate does") {
  const Place place;
  const std::string exam = "id,prompt,A,B,C,D,E,answer\nx,What is water?,H2O,CO2,NaCl,gold,the air,A\n"
                           "y,Largest?,Mars,the Sun,a,b,c,";
  for (const char* answer : {"", "b", "B "}) {
    write_bytes(place / "test.csv", exam + answer + "\n,,,,,,,\n");
    fs::remove(place / "out.csv");
    const ProgramResult run = run_command(place.command());
    INFO(run.out << run.err);
    CHECK(run.status == 0);
    CHECK_THAT(run.err, ContainsSubstring("note: the column answer is not used") && ContainsSubstring("row 3"));
    CHECK_THAT(run.out, !ContainsSubstring("MAP@3"));
    CHECK(is_whole(place.submission()));
    const ProgramResult evaluated =
        sciexam_run({"evaluate", "--package", place / "package", "--test", place / "test.csv"});
    CHECK(evaluated.status == 2);
    CHECK_THAT(evaluated.err, ContainsSubstring("row 3, column answer"));
  }
  write_bytes(place / "test.csv", exam + "B\n");
  const ProgramResult run = run_command(place.command());
  CHECK_THAT(run.out, ContainsSubstring("MAP@3"));
  CHECK_THAT(run.err, !ContainsSubstring("not used"));
}

TEST_CASE("golden: no guess is spent on an option without text", "[golden]") {
  const fs::path& package = golden_package(); // its random models prefer the empty option in places
  const Place place;
  std::string exam = "id,prompt,A,B,C,D,E\n";
  for (int i = 0; i < 40; ++i)
    exam += std::to_string(i) + ",What is the unit of quantity " + std::to_string(i) + "?,Joule,Watt,Newton,Pascal,\n";
  write_bytes(place / "test.csv", exam + "last,What is true?,,\"  \",yes,,no\n");
  for (const char* combine : {"mean-softmax", "vote"}) {
    const ProgramResult run = sciexam_run(
        {"--package", package, "--test", place / "test.csv", "--output", place / "out.csv", "--combine", combine});
    INFO(run.err);
    CHECK(run.status == 0);
    CHECK_THAT(run.err, ContainsSubstring("41 questions have options without text, which are guessed last"));
    const std::string submission = place.submission(), last = submission.substr(submission.find("last,"));
    CHECK(submission.substr(0, submission.find("last,")).find('E') == std::string::npos);
    CHECK((last == "last,C E A\n" || last == "last,E C A\n"));
  }
}

TEST_CASE("closed standard streams and a pipe that nobody reads do not end or spoil a run") {
  const Place place;
  for (const char* redirection : {"<&-", ">&-", "2>&-", "<&- >&- 2>&-", "| true", "2>&1 | head -c 1"}) {
    fs::remove(place / "out.csv");
    // The program's own status: a pipe has that of its last command.
    std::vector<std::string> command = {"/bin/sh", "-c",
                                        std::string("s=$1; shift; { \"$@\"; echo $? > \"$s\"; } ") + redirection, "sh",
                                        place / "status"};
    const std::vector<std::string> program = place.command({"--log-json", place / "log.jsonl"});
    command.insert(command.end(), program.begin(), program.end());
    const ProgramResult run = run_command(command);
    INFO(redirection << "\n" << run.err);
    CHECK(read_bytes(place / "status") == "0\n");
    CHECK(is_whole(place.submission()));
    // Had it been opened as standard error, messages would be in it.
    std::istringstream log(read_bytes(place / "log.jsonl"));
    for (std::string line; std::getline(log, line);)
      CHECK_THAT(line, Catch::Matchers::StartsWith("{\"time\":"));
  }
}

TEST_CASE("a quiet run prints only the summary, the event log has everything for programs, the report is a page") {
  const Place place;
  const ProgramResult run =
      run_command(place.command({"--quiet", "--log-json", place / "log.jsonl", "--report", place / "report.html"}));
  CHECK(run.status == 0);
  CHECK(run.err.empty());
  CHECK_THAT(run.out, ContainsSubstring("answered by 3 models") && ContainsSubstring("tokens/s"));
  const std::string log = read_bytes(place / "log.jsonl");
  CHECK_THAT(log, ContainsSubstring("\"event\":\"progress\",\"label\":\"run_0 (1 of 3)\"") &&
                      ContainsSubstring("\"event\":\"end\",\"status\":0,\"models\":3"));
  const std::string page = read_bytes(place / "report.html");
  CHECK_THAT(page, ContainsSubstring("Least certain questions") && ContainsSubstring("What is water?") &&
                       ContainsSubstring("run_2"));
}

TEST_CASE("the first lines show which program, exam, package and settings are used") {
  const Place place;
  const ProgramResult run = run_command(place.command());
  for (const char* line : {"program: sciexam-run ", "exam: 2 questions in ", "package: ", "identity ",
                           "package's folder: ", "(given)", "device: CPU, ", " threads", "memory: ", "time: "})
    CHECK_THAT(run.err, ContainsSubstring(line));
}

TEST_CASE("doctor says what a run would use, what is missing and what to do") {
  const Place place;
  const ProgramResult fine = sciexam_run(
      {"doctor", "--package", place / "package", "--test", place / "test.csv", "--output", place / "out.csv"});
  INFO(fine.out << fine.err);
  CHECK(fine.status == 0);
  CHECK_THAT(fine.out, ContainsSubstring("2 questions") && ContainsSubstring("3 models") &&
                           ContainsSubstring("A run will find everything it needs"));
  CHECK_FALSE(fs::exists(place / "out.csv"));
  fs::remove(place / "package/run_1.safetensors.zst");
  const ProgramResult lacking = sciexam_run(
      {"doctor", "--package", place / "package", "--test", place / "none.csv", "--output", "/proc/out.csv"});
  CHECK(lacking.status == 1);
  CHECK_THAT(lacking.out, ContainsSubstring("MISSING  package") &&
                              ContainsSubstring("run_1.safetensors.zst: cannot be opened") &&
                              ContainsSubstring("MISSING  exam") && ContainsSubstring("MISSING  output") &&
                              ContainsSubstring("A run would fail"));
}

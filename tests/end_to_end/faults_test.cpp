// Things that go wrong: a complete submission is there all the same, and what is lost is reported.
#include "end_to_end/golden_package.hpp"
#include "end_to_end/place.hpp"

#include <algorithm>
#include <functional>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace sciexam::test;
using Catch::Matchers::ContainsSubstring;

namespace {

namespace fs = std::filesystem;

void flip_middle(const fs::path& file) {
  std::string bytes = read_bytes(file);
  bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
  write_bytes(file, bytes);
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

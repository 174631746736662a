// What the command line promises, with the demo inside the program: needs no other file.
#include "end_to_end/program.hpp"
#include "kernels/isa.hpp"
#include "support/machine/threads.hpp"
#include "temporary_folder.hpp"

#include <sstream>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <sched.h>

using namespace sciexam::test;
using Catch::Matchers::ContainsSubstring;

namespace {

/// What the demo says that it scored.
double demo_map_at_3(const ProgramResult& run) {
  const std::string before = "\nMAP@3: ";
  const std::size_t found = run.out.find(before);
  return found == run.out.npos ? -1 : std::stod(run.out.substr(found + before.size()));
}

} // namespace

TEST_CASE("the demo answers its exam and shows the MAP@3") {
  const ProgramResult run = sciexam_run({"--demo"});
  INFO(run.err);
  CHECK(run.status == 0);
  CHECK_THAT(run.out, ContainsSubstring("Why does the sky appear blue") &&
                          ContainsSubstring("read: Rayleigh scattering (score ") &&
                          ContainsSubstring("  passage index  "));
  CHECK(demo_map_at_3(run) > 0.6); // measured: see docs/demo.md
}

TEST_CASE("the demo reads another index, or none of it counts, if it is told so") {
  const TemporaryFolder folder;
  write_bytes(folder / "corpus.jsonl", "{\"title\": \"Anything\", \"text\": \"The sky is made of cheese.\"}\n");
  REQUIRE(sciexam_run({"index", "--corpus", folder / "corpus.jsonl", "--out", folder / "index"}).status == 0);
  const ProgramResult cheese = sciexam_run({"--demo", "--index", folder / "index", "--retrieval-weight", "1"});
  CHECK(cheese.status == 0);
  CHECK_THAT(cheese.out, ContainsSubstring("read: Anything (score ") && !ContainsSubstring("Rayleigh scattering"));
  CHECK(sciexam_run({"--demo", "--index", folder.path()}).status == 2); // there is none

  const ProgramResult models = sciexam_run({"--demo", "--retrieval-weight", "0"});
  CHECK(models.status == 0);
  CHECK_THAT(models.out, !ContainsSubstring("  passage index  "));
  CHECK(demo_map_at_3(models) < demo_map_at_3(sciexam_run({"--demo"})));
}

TEST_CASE("the demo's answers do not depend on the number of threads") {
  const ProgramResult one = sciexam_run({"--demo", "--threads", "1"});
  CHECK(one.status == 0);
  CHECK(one.out == sciexam_run({"--demo", "--threads", "2"}).out);
}

TEST_CASE("all CPUs of the process are used, however OpenMP is told to bind threads") {
  if (sciexam::available_threads() < 2)
    SKIP("needs two CPUs");
  const std::string all = std::to_string(sciexam::available_threads()) + " threads will be used";
  for (const char* variable : {"OMP_PROC_BIND=true", "OMP_PLACES=cores", "GOMP_CPU_AFFINITY=0-1"})
    CHECK_THAT(run_command({program(), "doctor"}, {}, {variable}).out, ContainsSubstring(all));
  cpu_set_t mask;
  REQUIRE(::sched_getaffinity(0, sizeof mask, &mask) == 0);
  int first = 0;
  while (!CPU_ISSET(first, &mask))
    ++first;
  const std::vector<std::string> on_one = {"/usr/bin/taskset", "-c", std::to_string(first), program(), "doctor"};
  CHECK_THAT(run_command(on_one, {}, {"OMP_PROC_BIND=true"}).out, ContainsSubstring("1 thread will be used of "));
}

TEST_CASE("SCIEXAM_ISA chooses the kernels, and a wrong one is exit status 2 before any work") {
  const auto demo_with = [](const std::string& isa) {
    return run_command({program(), "--demo"}, {}, {"SCIEXAM_ISA=" + isa});
  };
  const ProgramResult narrow = demo_with("avx2");
  CHECK(narrow.status == 0);
  CHECK_THAT(run_command({program(), "--version"}, {}, {"SCIEXAM_ISA=avx2"}).out,
             ContainsSubstring("kernels: own AVX2"));
  const ProgramResult wrong = demo_with("sse");
  CHECK(wrong.status == 2);
  CHECK_THAT(wrong.err,
             ContainsSubstring("SCIEXAM_ISA is 'sse'. Set it to avx2, avx512, avx512_vnni, avx512_bf16 or avx512_amx"));
  const ProgramResult wide = demo_with("avx512");
  if (sciexam::cpu_has(sciexam::Isa::avx512)) {
    CHECK(wide.status == 0);
    CHECK(demo_map_at_3(wide) > 0);
  } else {
    CHECK(wide.status == 2);
    CHECK_THAT(wide.err, ContainsSubstring("SCIEXAM_ISA is avx512, which this CPU does not have"));
  }
}

TEST_CASE("bf16 is refused, with exit status 2, where the kernels do not have it, and never chosen automatically") {
  const auto run = [](std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), program());
    return run_command(arguments, {}, {"SCIEXAM_ISA=avx2"});
  };
  const TemporaryFolder folder;
  for (const std::vector<std::string>& arguments : {std::vector<std::string>{"--demo"},
                                                    {"--output", folder / "submission.csv"},
                                                    {"bench"},
                                                    {"evaluate", "--test", folder / "test.csv"}}) {
    std::vector<std::string> in_bf16 = arguments;
    in_bf16.insert(in_bf16.end(), {"--precision", "bf16"});
    const ProgramResult refused = run(in_bf16);
    INFO(arguments[0] << "\n" << refused.err);
    CHECK(refused.status == 2);
    CHECK_THAT(refused.err, ContainsSubstring("--precision bf16 needs a CPU with AVX-512-BF16") &&
                                ContainsSubstring("Give --precision f32"));
  }
  CHECK_FALSE(std::filesystem::exists(folder / "submission.csv"));
  CHECK_THAT(sciexam_run({"--demo", "--device", "cpu"}).err, ContainsSubstring("precision: f32\n"));
  CHECK_THAT(run({"doctor"}).out, ContainsSubstring("--precision bf16 is not for this CPU"));
}

TEST_CASE("asked for its version, it names the libraries and the kernels") {
  const ProgramResult run = sciexam_run({"--version"});
  CHECK(run.status == 0);
  for (const char* name :
       {"sciexam-run", "revision", "LibTorch 2.6.0", "oneDNN", "SentencePiece", "zstd", "CLI11", "kernels:"})
    CHECK_THAT(run.out, ContainsSubstring(name));
}

TEST_CASE("asked for help, it lists the commands") {
  const ProgramResult run = sciexam_run({"--help"});
  CHECK(run.status == 0);
  for (const char* command : {"pack", "verify", "evaluate", "tokenize", "bench", "--package", "Exit status"})
    CHECK_THAT(run.out, ContainsSubstring(command));
}

TEST_CASE("every command's help fits 100 columns and says how the command is called") {
  for (const char* command : {"", "pack", "verify", "evaluate", "doctor", "tokenize", "bench", "data", "index",
                              "retrieve", "train", "completion"}) {
    std::vector<std::string> arguments = {"--help"};
    if (*command != 0)
      arguments.insert(arguments.begin(), command);
    const ProgramResult run = sciexam_run(arguments);
    CHECK(run.status == 0);
    CHECK_THAT(run.out, ContainsSubstring("Usage: sciexam-run " + std::string(*command == 0 ? "[" : command)));
    std::istringstream lines(run.out);
    for (std::string line; std::getline(lines, line);) {
      INFO(line);
      CHECK(line.size() <= 100);
    }
  }
}

TEST_CASE("a mistyped command or option is answered with the nearest there is") {
  const auto answer = [](const std::vector<std::string>& arguments) {
    const ProgramResult run = sciexam_run(arguments);
    CHECK(run.status == 2);
    return run.err;
  };
  CHECK_THAT(answer({"trian"}), ContainsSubstring("'trian' is not a command. Did you mean train?"));
  CHECK_THAT(answer({"--pakage", "x"}), ContainsSubstring("--pakage is not an option. Did you mean --package?"));
  CHECK_THAT(answer({"train", "--lerning-rate=3"}),
             ContainsSubstring("--lerning-rate is not an option of train. Did you mean --learning-rate?") &&
                 ContainsSubstring("sciexam-run train --help"));
  CHECK_THAT(answer({"data", "prompts", "--artikles", "x"}),
             ContainsSubstring("--artikles is not an option of data prompts. Did you mean --articles?"));
  CHECK_THAT(answer({"--completely-different"}), ContainsSubstring("is not an option. sciexam-run --help lists them") &&
                                                     !ContainsSubstring("Did you mean"));
}

TEST_CASE("bash completes commands, options and their choices") {
  const TemporaryFolder folder;
  write_bytes(folder / "complete", sciexam_run({"completion"}).out);
  const auto completed = [&](const std::string& words, int number) {
    const std::string script = "source " + (folder / "complete").string() + "; COMP_WORDS=(sciexam-run " + words +
                               "); COMP_CWORD=" + std::to_string(number) + "; _sciexam_run; echo \"${COMPREPLY[*]}\"";
    return run_command({"bash", "-euc", script}).out;
  };
  CHECK(completed("ev", 1) == "evaluate\n");
  CHECK(completed("train --learning-r", 2) == "--learning-rate\n");
  CHECK(completed("--train --learning-r", 2) == "--learning-rate\n");
  CHECK(completed("--packa", 1) == "--package\n");
  CHECK(completed("train --isa avx512_a", 3) == "avx512_amx\n");
  CHECK(completed("train --manifest ''", 3) == "\n"); // a file: bash's own
}

TEST_CASE("started at a terminal without anything to work on, it says how to begin; elsewhere the error alone") {
  if (run_command({"script", "--version"}).status != 0)
    SKIP("there is no script(1) to give it a terminal");
  const TemporaryFolder folder;
  const ProgramResult shown = run_command({"script", "-qec", program(), "/dev/null"});
  CHECK(shown.status == 2);
  CHECK_THAT(shown.out, ContainsSubstring("no package") && ContainsSubstring("sciexam-run --demo"));
  CHECK_THAT(sciexam_run({}).err, ContainsSubstring("no package") && !ContainsSubstring("--demo"));
}

TEST_CASE("a wrong command line is exit status 2 with a remedy") {
  for (const std::vector<std::string>& arguments : {std::vector<std::string>{"--no-such-option"},
                                                    {"no-such-command"},
                                                    {"--combine", "best"},
                                                    {"--threads", "0"},
                                                    {"pack"},
                                                    {"tokenize", "--tokenizer", "/no/such/file"},
                                                    {"--test", "/no/such/test.csv", "--package", "/no/such"},
                                                    {"verify", "/no/such/package"}}) {
    const ProgramResult run = sciexam_run(arguments);
    INFO(arguments[0] << "\n" << run.err);
    CHECK(run.status == 2);
    CHECK(!run.err.empty());
  }
}

TEST_CASE("options that do not fit the package are refused before anything is written") {
  const TemporaryFolder folder;
  const ProgramResult run = sciexam_run(
      {"--package", kSmallPackage, "--test", kSmallExam, "--output", folder / "submission.csv", "--weights", "1,2"});
  CHECK(run.status == 2);
  CHECK_THAT(run.err, ContainsSubstring("--weights has 2 numbers, but the package has 3 models. Give one for each"));
  CHECK_FALSE(std::filesystem::exists(folder / "submission.csv"));
}

TEST_CASE("a bad exam is refused by file, row and column, and nothing is written") {
  const TemporaryFolder folder;
  write_bytes(folder / "test.csv", "id,prompt,A,B,C,D,E\n1,p,a,b,c,d,e\n1,p,a,b,c,d,e\n");
  write_bytes(folder / "manifest.json", "{}");
  const ProgramResult run =
      sciexam_run({"--package", folder.path(), "--test", folder / "test.csv", "--output", folder / "submission.csv"});
  CHECK(run.status == 2);
  CHECK_THAT(run.err, ContainsSubstring("test.csv, row 3, column id"));
  CHECK(!std::filesystem::exists(folder / "submission.csv"));
}

TEST_CASE("a package that cannot be read leaves the fallback submission and exit status 1") {
  const TemporaryFolder folder;
  write_bytes(folder / "test.csv", "id,prompt,A,B,C,D,E\n1,p,a,bbb,cc,d,e\n");
  write_bytes(folder / "manifest.json", "{}");
  const ProgramResult run =
      sciexam_run({"--package", folder.path(), "--test", folder / "test.csv", "--output", folder / "submission.csv"});
  CHECK(run.status == 1);
  CHECK_THAT(run.err, ContainsSubstring("manifest.json"));
  CHECK(read_bytes(folder / "submission.csv") == "id,prediction\n1,B C A\n");
}

TEST_CASE("bench compares loading a package's model with reading and packing it") {
  const ProgramResult run = sciexam_run({"bench", "--package", kSmallPackage});
  INFO(run.err);
  CHECK(run.status == 0);
  CHECK_THAT(run.out,
             Catch::Matchers::Matches(
                 "reading run_0\\.safetensors\\.zst \\([0-9.]+ [MG]B\\): [0-9.]+ s; with hashes and decompression: "
                 "[0-9.]+ s; packing such weights: [0-9.]+ s\nloading the model: [0-9.]+ s, [0-9.]+ times reading and "
                 "packing, [0-9.]+ times with hashes and decompression\n"));
}

TEST_CASE("bench measures every length that is asked for, and draws them", "[long]") {
  const TemporaryFolder folder;
  const std::string report = (folder / "bench.html").string(), plot = (folder / "bench.svg").string();
  const ProgramResult run =
      sciexam_run({"bench", "--length", "8", "5", "--seconds", "0.01", "--report", report, "--plot", plot});
  INFO(run.err);
  CHECK(run.status == 0);
  CHECK_THAT(run.out, ContainsSubstring("tokens/s  of the peak  q, k, v  attention") &&
                          ContainsSubstring("\n                8  ") && ContainsSubstring("\n                5  ") &&
                          ContainsSubstring("the peak: "));
  CHECK_THAT(read_bytes(report), ContainsSubstring("What a token costs") && ContainsSubstring("</svg>"));
  CHECK_THAT(read_bytes(plot), Catch::Matchers::StartsWith("<svg") && ContainsSubstring("What a token costs"));
  CHECK(sciexam_run({"bench", "--length", "3"}).status == 2);
  CHECK_THAT(sciexam_run({"bench", "--length", "8", "--seconds", "0.01", "--shape", "xsmall"}).out,
             Catch::Matchers::StartsWith("DeBERTa-v3-xsmall, f32"));
  const std::string int8 = // beside f32's peak its own, where the CPU has one
      sciexam_run({"bench", "--length", "8", "--seconds", "0.01", "--shape", "xsmall", "--precision", "int8"}).out;
  CHECK_THAT(int8, ContainsSubstring("oneDNN's int8 product of 4096 x 4096 x 4096") ||
                       ContainsSubstring("no instruction for products of int8"));
}

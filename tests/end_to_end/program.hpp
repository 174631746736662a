// Running the built program, as its user would.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace sciexam::test {

/// The demo's base, exam and lock.
inline const std::filesystem::path kDemo = std::filesystem::path(SCIEXAM_SOURCE_DIR) / "src/demo";
/// Fifteen questions with answers, and a package of three tiny models that answer them without contexts (badly).
inline const std::filesystem::path kSmallExam = std::filesystem::path(SCIEXAM_SOURCE_DIR) / "tests/small_exam.csv",
                                   kSmallPackage = std::filesystem::path(SCIEXAM_SOURCE_DIR) / "tests/small_package";

struct ProgramResult {
  int status = -1; ///< exit status, or -1 after a signal
  std::string out, err;
  std::uint64_t peak_memory = 0; ///< resident, bytes
};

/// Runs argv with an empty environment (except for `environment`), `input` on standard input.
ProgramResult run_command(const std::vector<std::string>& argv, const std::string& input = {},
                          const std::vector<std::string>& environment = {});

/// Runs sciexam-run with these arguments.
ProgramResult sciexam_run(std::vector<std::string> arguments, const std::string& input = {});

/// Starts sciexam-run, with no other environment, and kills it after a while; false if it had ended before.
bool kill_after(const std::vector<std::string>& arguments, std::chrono::milliseconds time,
                const std::vector<std::string>& environment = {});

/// The path of the built sciexam-run.
std::filesystem::path program();

/// True if the program is static, so that it runs in a root folder with nothing else in it, and this process may make
/// one its root.
bool can_run_in_empty_root();

std::string read_bytes(const std::filesystem::path& file);
void write_bytes(const std::filesystem::path& file, const std::string& bytes);

} // namespace sciexam::test

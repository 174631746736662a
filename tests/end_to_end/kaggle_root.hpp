// A root folder that looks like Kaggle's.
#pragma once

#include "end_to_end/golden_package.hpp"
#include "end_to_end/program.hpp"
#include "temporary_folder.hpp"

#include <filesystem>
#include <string>
#include <vector>

#include <catch2/catch_test_macros.hpp>

namespace sciexam::test {

/// An exam of one question.
inline std::string exam_of(const std::string& id) {
  return "id,prompt,A,B,C,D,E\n" + id + ",What is water?,H2O,CO2,NaCl,gold,air\n";
}

/// A root folder that looks like Kaggle's, with nothing in it but the program.
class KaggleRoot {
public:
  KaggleRoot() {
    std::filesystem::create_directories(root_ / "kaggle/working");
    std::filesystem::create_directories(root_ / "bin");
    std::filesystem::copy_file(program(), root_ / "bin/sciexam-run");
  }
  std::filesystem::path operator/(const std::string& name) const { return root_ / name; }

  void add_exam(const std::string& folder, const std::string& id) const {
    std::filesystem::create_directories(root_ / "kaggle/input" / folder);
    write_bytes(root_ / "kaggle/input" / folder / "test.csv", exam_of(id));
  }
  void add_package(const std::string& folder) const {
    std::filesystem::create_directories(root_ / "kaggle/input" / folder);
    std::filesystem::copy(kSmallPackage, root_ / "kaggle/input" / folder);
  }
  /// One model is enough to tell packages apart.
  void add_version(const std::string& folder, const std::string& version) const {
    const std::filesystem::path out = root_ / "kaggle/input" / folder;
    std::filesystem::create_directories(out.parent_path());
    const ProgramResult packed = sciexam_run({"pack", "--models", golden_ensemble().folder / "model_0", "--tokenizer",
                                              golden_ensemble().vocabulary, "--out", out, "--package-version", version,
                                              "--title", "t" + version});
    INFO(packed.err);
    REQUIRE(packed.status == 0);
  }
  ProgramResult run(const std::vector<std::string>& options = {},
                    const std::vector<std::string>& environment = {}) const {
    std::vector<std::string> command = {"chroot", root_.path(), "/bin/sciexam-run"};
    command.insert(command.end(), options.begin(), options.end());
    return run_command(command, {}, environment);
  }
  static void require_root() {
    if (!can_run_in_empty_root())
      SKIP("an empty root needs a static program and root privileges");
  }

private:
  TemporaryFolder root_;
};

} // namespace sciexam::test

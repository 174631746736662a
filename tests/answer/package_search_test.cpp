#include "answer/package_search.hpp"
#include "support/files/files.hpp"
#include "temporary_folder.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace sciexam;
using namespace sciexam::test;
using Catch::Matchers::ContainsSubstring;

namespace {

namespace fs = std::filesystem;

/// Three packages of different versions; in some folders a program.
class Inputs {
public:
  Inputs() {
    for (const char* name : {"low", "middle", "high"})
      fs::create_directory(folder_ / name);
    write_file_atomically(folder_ / "program", std::string_view("this program"));
  }
  void add_program(const std::string& package, std::string_view bytes) const {
    write_file_atomically(folder_ / (package + "/sciexam-run"), bytes);
  }
  std::string chosen() { return choose().path.filename(); }
  Located choose() {
    return choose_package({{folder_ / "high", "10", "h"}, {folder_ / "low", "8", "l"}, {folder_ / "middle", "9", "m"}},
                          folder_ / "program");
  }

private:
  TemporaryFolder folder_;
};

} // namespace

TEST_CASE("of several packages the one beside the program's original is taken, whatever the versions") {
  Inputs inputs;
  CHECK(inputs.chosen() == "high");
  CHECK_THAT(inputs.choose().reason, ContainsSubstring("the highest version, 10, of 3 under /kaggle/input"));
  inputs.add_program("high", "that program");
  CHECK(inputs.chosen() == "high");
  inputs.add_program("low", "this program");
  CHECK(inputs.chosen() == "low");
  CHECK_THAT(inputs.choose().reason, ContainsSubstring("beside the program's original, of 3 under /kaggle/input; not "
                                                       "used: ") &&
                                         ContainsSubstring("high (version 10)"));
  inputs.add_program("middle", "this program"); // in two: the versions count again
  CHECK(inputs.chosen() == "middle");
  CHECK_THAT(inputs.choose().reason, ContainsSubstring("original, the highest version, 9, of 3"));
}

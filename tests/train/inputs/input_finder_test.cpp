#include "catch_beside_torch.hpp"
#include "support/errors.hpp"
#include "support/files/files.hpp"
#include "support/files/sha256.hpp"
#include "temporary_folder.hpp"
#include "train/inputs/input_finder.hpp"

#include <catch2/matchers/catch_matchers_string.hpp>

using namespace sciexam;
using namespace sciexam::test;
using Catch::Matchers::ContainsSubstring;

namespace fs = std::filesystem;

TEST_CASE("a file of a manifest is found in the named folder alone, or, without one, in the working folder") {
  const TemporaryFolder folder;
  write_file_atomically(folder / "exam.csv", std::string_view("exam"));
  const std::string hash = sha256_of_file(folder / "exam.csv");
  const fs::path before = fs::current_path();
  CHECK(InputFinder(folder.path(), "--data").find({"exam.csv", hash}).path == folder / "exam.csv");
  CHECK_THROWS_AS(InputFinder(folder.path(), "--data").find({"exam.csv", std::string(64, 'a')}), InputError);
  CHECK_THROWS_WITH(InputFinder(before / "nowhere", "--data").find({"exam.csv", {}}),
                    ContainsSubstring("nowhere") && ContainsSubstring("--data"));
  fs::current_path(folder.path());
  CHECK(InputFinder({}, "--data").find({"exam.csv", {}}).sha256 == hash);
  CHECK_THROWS_WITH(InputFinder({}, "--data").find({"exam.csv", std::string(64, 'a')}),
                    ContainsSubstring("no file of this name has sha256 aaaa") &&
                        ContainsSubstring((folder / "exam.csv").string()) && ContainsSubstring("--data"));
  CHECK_THROWS_WITH(InputFinder({}, "--data").find({"other.csv", {}}), ContainsSubstring("no other.csv was found in") &&
                                                                           ContainsSubstring(folder.path().string()) &&
                                                                           ContainsSubstring("Attach a dataset"));
  fs::current_path(before);
}

#include "support/files/files.hpp"
#include "support/files/places.hpp"
#include "temporary_folder.hpp"

#include <cstdlib>

#include <catch2/catch_test_macros.hpp>

using namespace sciexam;
using namespace sciexam::test;

TEST_CASE("what is given goes before what the environment names, and an empty variable names nothing") {
  ::setenv("SCIEXAM_PLACES_TEST", "of_environment", 1);
  CHECK(named_place("given", "SCIEXAM_PLACES_TEST")->path == "given");
  CHECK(named_place("", "SCIEXAM_PLACES_TEST")->path == "of_environment");
  CHECK(named_place("", "SCIEXAM_PLACES_TEST")->reason == "named by SCIEXAM_PLACES_TEST");
  ::setenv("SCIEXAM_PLACES_TEST", "", 1);
  CHECK(!named_place("", "SCIEXAM_PLACES_TEST"));
}

TEST_CASE("files have the same contents only if every byte is equal") {
  const TemporaryFolder folder;
  std::string bytes(3'000'000, 'x');
  write_file_atomically(folder / "a", bytes);
  write_file_atomically(folder / "b", bytes);
  CHECK(same_contents(folder / "a", folder / "b"));
  bytes.back() = 'y';
  write_file_atomically(folder / "b", bytes);
  CHECK(!same_contents(folder / "a", folder / "b"));
  bytes.pop_back();
  write_file_atomically(folder / "b", bytes);
  CHECK(!same_contents(folder / "a", folder / "b"));
  CHECK(!same_contents(folder / "a", folder / "none"));
  CHECK(!same_contents(folder / "none", folder / "none"));
}

TEST_CASE("numbers in names are ordered by their value") {
  CHECK(natural_less("v9", "v10"));
  CHECK(!natural_less("v10", "v9"));
  CHECK(natural_less("a/2/x", "a/10/x"));
  CHECK(natural_less("v1", "w0"));
}

#include "support/errors.hpp"

#include <string>

#include <catch2/catch_test_macros.hpp>

using namespace sciexam;

TEST_CASE("an input error says file, row, column, problem and remedy") {
  const InputError error({"in/test.csv", 7, "prompt"}, "is odd", "Make it even");
  CHECK(std::string(error.what()) == "in/test.csv, row 7, column prompt: is odd. Make it even");
  CHECK(error.place().file == "in/test.csv");
  CHECK(error.place().row == 7);
  CHECK(error.place().column == "prompt");
}

TEST_CASE("an input error leaves out the row and the column that do not apply") {
  CHECK(std::string(InputError({"a"}, "is odd", "Go").what()) == "a: is odd. Go");
  CHECK(std::string(InputError({"a", 1}, "is odd", "Go").what()) == "a, row 1: is odd. Go");
  CHECK(std::string(InputError({"a", 0, "$.x"}, "is odd", "Go").what()) == "a, column $.x: is odd. Go");
}

TEST_CASE("a package error says file, problem and remedy") {
  CHECK(std::string(PackageError("p/manifest.json", "is cut short", "Upload it again").what()) ==
        "p/manifest.json: is cut short. Upload it again");
}

TEST_CASE("every fault of our own is an Error") {
  CHECK_THROWS_AS(throw UsageError("x"), Error);
  CHECK_THROWS_AS(throw InputError({"x"}, "y", "z"), Error);
  CHECK_THROWS_AS(throw PackageError("x", "y", "z"), Error);
  CHECK_THROWS_AS(throw WorkError("x"), Error);
  CHECK_THROWS_AS(throw InternalError("x"), Error);
}

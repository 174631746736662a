#include "support/text/counted.hpp"

#include <cstddef>

#include <catch2/catch_test_macros.hpp>

using namespace sciexam;

TEST_CASE("only one of a thing is named in the singular") {
  CHECK(counted(0, "thread") == "0 threads");
  CHECK(counted(std::size_t{1}, "training question") == "1 training question");
  CHECK(counted(-1, "row") == "-1 rows");
  CHECK(counted(12, "model") == "12 models");
}

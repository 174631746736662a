#include "retrieval/contexts/telling_sentence.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace sciexam;

TEST_CASE("the telling sentence of a passage has the most different terms of the query") {
  Analyser analyser;
  constexpr std::string_view kPassage =
      " Glass bends light. Air scatters blue light more than red light, e.g. at noon.\n"
      "Light, light and light again. ";
  const auto told_by = [&](std::string_view query) { return telling_sentence(analyser, kPassage, query); };
  CHECK(told_by("Why does the air scatter blue?") == "Air scatters blue light more than red light, e.g. at noon.");
  CHECK(told_by("glasses bending") == "Glass bends light.");
  CHECK(told_by("light") == "Glass bends light.");   // all have it: the first
  CHECK(told_by("nothing") == "Glass bends light."); // none has it
  CHECK(told_by("light again") == "Light, light and light again.");
  CHECK(telling_sentence(analyser, "", "light").empty());
  CHECK(telling_sentence(analyser, " \n", "light").empty());
}

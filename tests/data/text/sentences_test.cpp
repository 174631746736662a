#include "data/text/sentences.hpp"

#include <string>

#include <catch2/catch_test_macros.hpp>

using namespace sciexam;

namespace {

/// The text with "|" where a sentence begins, but the first.
std::string split(std::string_view text) {
  std::string marked;
  for (std::size_t begin = 0, next = 0; begin < text.size(); begin = next) {
    next = next_sentence(text, begin);
    marked += (begin == 0 ? "" : "|") + std::string(text.substr(begin, next - begin));
  }
  return marked;
}

} // namespace

TEST_CASE("sentences end at marks before white space, with their quotes and brackets") {
  CHECK(split("Water is wet. Is it? Yes! So.") == "Water is wet. |Is it? |Yes! |So.");
  CHECK(split("He said \"no.\" She (too?) did. [Why?] \xE2\x80\x9CSo!\xE2\x80\x9D Good.") ==
        "He said \"no.\" |She (too?) did. |[Why?] |\xE2\x80\x9CSo!\xE2\x80\x9D |Good.");
  CHECK(split("What?! Really... Yes.  Two spaces.") == "What?! |Really... |Yes.  |Two spaces.");
  CHECK(split("www.example.org has it.") == "www.example.org has it.");
}

TEST_CASE("numbers, abbreviations and initials do not end sentences") {
  for (const std::string text :
       {"It is 3.14 m long.", "Dr. Smith met J. R. Oppenheimer.", "Fruit, e.g. Apples, i.e. Pomes.",
        "See Fig. 3 and Eq. 4.", "The U.S. Army came.", "Smith et al. Found it.", "No. 5 and Vol. 7 are here.",
        "It is approx. five.", "Prof. A. Einstein vs. Bohr."})
    CHECK(split(text) == text);
  CHECK(split("He said no. Then he left.") == "He said no. |Then he left.");
  CHECK(split("It is 5 m. Then 3 km.") == "It is 5 m. |Then 3 km.");
  CHECK(split("It was in 1990. Then H2O. Then more.") == "It was in 1990. |Then H2O. |Then more.");
}

TEST_CASE("paragraphs end sentences, lines of a fixed width do not") {
  CHECK(split("A title\n\nText\nMore") == "A title\n\n|Text\n|More");
  CHECK(split("a line that\ngoes on here.\nNext") == "a line that\ngoes on here.\n|Next");
  CHECK(split("a line\n\nthat ends") == "a line\n\n|that ends");
  CHECK(split("In Washington D.C.\nNext") == "In Washington D.C.\n|Next");
}

TEST_CASE("wide full stops end sentences") {
  CHECK(split("\xE6\xB0\xB4\xE3\x80\x82\xE7\x81\xAB\xEF\xBC\x81"
              "A") == "\xE6\xB0\xB4\xE3\x80\x82|\xE7\x81\xAB\xEF\xBC\x81|A");
}

TEST_CASE("any bytes are split, and long runs of marks take no time") {
  CHECK(split("") == "");
  CHECK(split("\xE3\x80") == "\xE3\x80");
  CHECK(split(". . . ") == ". |. |. ");
  for (const char c : {'.', '"', '\n', ' ', ')'})
    CHECK(next_sentence(std::string(5000000, c), 0) == 5000000);
}

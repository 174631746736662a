#include "retrieval/corpus/sections.hpp"

#include <string>

#include <catch2/catch_test_macros.hpp>

using sciexam::without_reference_sections;

TEST_CASE("sections of references go where headings are marked") {
  CHECK(without_reference_sections("Intro.\n== History ==\nOld.\n== References ==\n1. A\n=== Books ===\nB\n"
                                   "== External links ==\nC") == "Intro.\n== History ==\nOld.");
  CHECK(without_reference_sections("Intro.\n==See also==\nA\n== Legacy ==\nL.\n== Footnotes ==\nB\n") ==
        "Intro.\n== Legacy ==\nL.");
  CHECK(without_reference_sections("Intro.\n== Notes ==\n=== Works ===\nA\n== References ==\n=== Web ===\nB") ==
        "Intro.");
  CHECK(without_reference_sections("== REFERENCES ==\nA") == "");
}

TEST_CASE("notes and sources stay where they are what the article is about") {
  const std::string text = "Vitamin C.\n== Sources ==\nOranges.\n== Uses ==\nMany.";
  CHECK(without_reference_sections(text + "\n== Sources ==\nBooks.\n== See also ==\nD") == text);
}

TEST_CASE("without marks a heading counts alone on its line, in the second half") {
  const std::string text = "A long introduction to the subject of the article.\nMore about it.\n";
  CHECK(without_reference_sections(text + "References\nA 1999.\nB 2001.") == text.substr(0, text.size() - 1));
  CHECK(without_reference_sections(text + "References.") == text.substr(0, text.size() - 1));
  CHECK(without_reference_sections(text + "See also:\nC") == text.substr(0, text.size() - 1));
  for (const std::string kept :
       {"Notes\nare what music is made of, and there is much more to say about them.",
        "References are useful.\nSources\nof light are many, of which the Sun is the brightest of all."})
    CHECK(without_reference_sections(kept) == kept);
  CHECK(without_reference_sections(text + "The references\nfollow.") == text + "The references\nfollow.");
}

TEST_CASE("categories at the end go, and white space with them") {
  CHECK(without_reference_sections("Text.\n\nCategory: Birds\n[[Category:Animals]]\n\n") == "Text.");
  CHECK(without_reference_sections("Text.\nCategory: Birds\nMore.") == "Text.\nCategory: Birds\nMore.");
  CHECK(without_reference_sections("Category: Birds") == "");
  const std::string text = "Category:Birds " + std::string(200, 'x'); // an extractor has joined the lines
  CHECK(without_reference_sections(text) == text);
  CHECK(without_reference_sections("") == "");
}

TEST_CASE("equations and rules are no headings") {
  const std::string text = "=a=\n==\n====\n= =\n=== ===\nText = a == b.\nEnd.";
  CHECK(without_reference_sections(text) == text);
}

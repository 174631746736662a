#include "retrieval/corpus/documents.hpp"
#include "retrieval/corpus/open_documents.hpp"
#include "retrieval/corpus/packed.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace sciexam;
using namespace sciexam::test;

namespace {

struct Expected {
  std::string id, title, text;
  std::size_t row;
};

/// Reads the bytes plain and in every packing.
void check_documents(const std::string& bytes, const std::string& name, const std::string& format,
                     const std::vector<Expected>& expected) {
  std::vector<std::string> files = {bytes, "\xEF\xBB\xBF" + bytes};
  for (const Packing& packing : kPackings)
    files.push_back(packing.pack(bytes));
  for (const std::string& file : files) {
    const ReadDocuments read = read_documents(file, name);
    CHECK(read.format == format);
    REQUIRE(read.documents.size() == expected.size());
    for (std::size_t i = 0; i < expected.size(); ++i) {
      CHECK(read.documents[i].id == expected[i].id);
      CHECK(read.documents[i].title == expected[i].title);
      CHECK(read.documents[i].text == expected[i].text);
      CHECK(read.documents[i].row == expected[i].row);
    }
  }
}

} // namespace

TEST_CASE("a CirrusSearch dump gives its articles, and drops redirects, other namespaces and empty ones") {
  check_documents(kCirrusDump, "enwiki.json", "CirrusSearch dump",
                  {{"12", "Anarchism", "Anarchism is a philosophy.", 2}, {"25", "Autism", "Autism is \"a\" état.", 4}});
  const ReadDocuments read = read_documents(kCirrusDump);
  CHECK(read.documents[0].timestamp == "2024-01-01T00:00:00Z");
  REQUIRE(read.dropped.size() == 3);
  CHECK(name_of(read.dropped[0].reason) == "other namespace");
  CHECK(read.dropped[0].title == "Wikipedia:About");
  CHECK(read.dropped[0].row == 6);
  CHECK(name_of(read.dropped[1].reason) == "redirect");
  CHECK(read.dropped[1].title == "Old name");
  CHECK(name_of(read.dropped[2].reason) == "empty");
}

TEST_CASE("JSON lines give title, section, text and id") {
  check_documents(
      R"({"id": "7", "url": "x", "title": "Water", "section": "Uses", "text": "Water is drunk.", "more": {"text": [1, {"text": 2}]}}

{"text": "No title.", "title": null, "section": ""}
{"_id": 3, "contents": "Pyserini's\nname.", "Section Title": "Only"}
)",
      "folder/a.jsonl.gz", "JSON lines",
      {{"7", "Water: Uses", "Water is drunk.", 1}, {"a:3", "", "No title.", 3}, {"3", "Only", "Pyserini's\nname.", 4}});
}

TEST_CASE("CSV gives the same, with any usual separator") {
  const std::vector<Expected> expected = {{"1", "A: s", "One, \"two\"\nthree", 2}, {"b:3", "", "x", 3}};
  check_documents("id,title,section,Text\n1,A,s,\"One, \"\"two\"\"\nthree\"\n,,,x\n", "b.csv.zst", "CSV", expected);
  check_documents("text\ttitle\tpassage_id\tsection\n\"One, \"\"two\"\"\nthree\"\tA\t1\ts\nx\t\t\t\n", "b.any", "CSV",
                  expected);
  check_documents("text\nx\n", "b", "CSV", {{"b:2", "", "x", 2}});
}

TEST_CASE("a text file is an article named like the file") {
  check_documents("Water is wet.\n\nIt \xE2\x82\xAC flows, text, title.\n", "folder/Water.v2.txt", "plain text",
                  {{"Water.v2.txt", "Water.v2", "Water is wet.\n\nIt € flows, text, title.\n", 1}});
  check_documents("{{Infobox}}\n", "a.txt.bz2", "plain text", {{"a.txt.bz2", "a", "{{Infobox}}\n", 1}});
  CHECK(read_documents("Text\n\nA title page\n").format == "plain text");
  CHECK(read_documents("Title, text and more. A sentence\nand another").format == "plain text");
}

TEST_CASE("empty files hold an empty article, or nothing") {
  CHECK(read_documents("", "a.txt").dropped.size() == 1);
  CHECK(read_documents("", "a.jsonl").dropped.size() == 1);
  CHECK(read_documents(" \n \n", "a.txt").dropped.size() == 1);
  CHECK(read_documents("text,title\n", "a.csv").documents.empty());
  CHECK(read_documents("{\"text\": null}\n{\"text\": \"\"}\n").dropped.size() == 2);
}

TEST_CASE("ill-formed UTF-8, NUL and halves of surrogate pairs are replaced and counted") {
  const auto text_of = [](const std::string& bytes, std::uint64_t replaced) {
    const ReadDocuments read = read_documents(bytes);
    CHECK(read.replaced == replaced);
    REQUIRE(read.documents.size() == 1);
    return read.documents[0].text;
  };
  CHECK(text_of("{\"text\": \"caf\xE9 \\u0000\\ud800x \\\\ud800 \\ud83d\\ude00\"}", 2) ==
        "caf\xEF\xBF\xBD  \xEF\xBF\xBDx \\ud800 \xF0\x9F\x98\x80");
  CHECK(text_of("Plain caf\xE9 text" + std::string(1, '\0') + "of a French bar.", 1) ==
        "Plain caf\xEF\xBF\xBD text of a French bar.");
  CHECK(text_of("title,text\nA,The caf\xE9" + std::string(1, '\0') + "noir\n", 1) == "The caf\xEF\xBF\xBD noir");
}

TEST_CASE("a character of a CSV file may lie in two blocks") {
  for (std::size_t padding = 0; padding < 5; ++padding) {
    std::string text(padding, 'x');
    while (text.size() < 700000)
      text += "\xE2\x82\xAC\xF0\x9D\x84\x9E"; // 3 + 4 bytes
    const ReadDocuments read = read_documents("title,text\nA," + text + "\n");
    CHECK(read.replaced == 0);
    REQUIRE(read.documents.size() == 1);
    CHECK(read.documents[0].text == text);
  }
}

TEST_CASE("lines, words and titles of a million characters are read") {
  const std::string word(1000000, 'w');
  const ReadDocuments read = read_documents("{\"title\": \"" + word + "\", \"text\": \"" + word + "\"}\n");
  REQUIRE(read.documents.size() == 1);
  CHECK(read.documents[0].title == word);
  CHECK(read.documents[0].text == word);
}

TEST_CASE("a title's line ends become spaces") {
  const ReadDocuments read = read_documents("{\"title\": \" A\\nB\\t\", \"id\": \"x\\ny\", \"text\": \"t\"}");
  CHECK(read.documents[0].title == "A B");
  CHECK(read.documents[0].id == "x y");
}

#include "retrieval/corpus/corpus_format.hpp"
#include "retrieval/corpus/documents.hpp"
#include "retrieval/corpus/packed.hpp"
#include "support/errors.hpp"
#include "support/files/files.hpp"
#include "temporary_folder.hpp"

#include <filesystem>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace sciexam;
using namespace sciexam::test;
using Catch::Matchers::ContainsSubstring;

namespace {

std::string fault_of(const std::string& bytes, const std::string& name = "a.txt") {
  try {
    read_documents(bytes, name);
  } catch (const InputError& error) {
    return error.what();
  }
  return "none";
}

} // namespace

TEST_CASE("a dump whose lines do not pair is refused with the row") {
  const std::string action = R"({"index":{"_id":"1"}})", document = R"({"title":"A","text":"B","namespace":0})";
  const auto join = [](std::initializer_list<std::string> lines) {
    std::string text;
    for (const std::string& line : lines)
      text += line + "\n";
    return text;
  };
  CHECK(fault_of(join({action, document, action, action, document}))
            .starts_with(
                "a.txt, row 3: is an action line without a document after it. A CirrusSearch dump has pairs of lines"));
  CHECK(fault_of(join({action, document, action})).starts_with("a.txt, row 3: is an action line without a document"));
  CHECK(fault_of(join({action, document, document})).starts_with("a.txt, row 3: is a document without an action line"));
  CHECK(fault_of(join({action, document, "", action, document.substr(0, 20)}))
            .starts_with("a.txt, row 5: ends in the middle of its JSON object"));
  CHECK(fault_of(join({action, "[1]"})).starts_with("a.txt, row 2: is no JSON object"));
  CHECK(fault_of(join({action, "7"})).starts_with("a.txt, row 2: is no JSON object"));
  CHECK(fault_of(join({document, action})).starts_with("a.txt, row 2: is an action line of a CirrusSearch dump, but"));
}

TEST_CASE("faulty JSON lines are refused with the row") {
  const std::string good = "{\"text\": \"a\"}\n";
  CHECK(fault_of(good + "{\"title\": \"a\"}").starts_with("a.txt, row 2: has no member text. Each line must be"));
  CHECK(fault_of(good + "{\"text\": [\"a\"]}").starts_with("a.txt, row 2: has a list for its text"));
  CHECK(fault_of(good + "{\"text\": \"a\", \"title\": {}}").starts_with("a.txt, row 2: has an object for its title"));
  CHECK(fault_of(good + good + "x").starts_with("a.txt, row 3: is no JSON from its byte 1 on"));
  CHECK(fault_of(good + "\"text\"").starts_with("a.txt, row 2: is no JSON object"));
  CHECK(fault_of("{\n \"text\": \"a\"\n}\n", "a.json").starts_with("a.json, row 1: ends in the middle of its JSON"));
  CHECK(fault_of("some words", "a.jsonl").starts_with("a.jsonl, row 1: is no JSON"));
  CHECK(fault_of(good + std::string(100000, '[')).starts_with("a.txt, row 2: is no JSON object"));
  CHECK(fault_of(good + "{\"a\":" + std::string(100000, '[')).starts_with("a.txt, row 2: ends in the middle"));
}

TEST_CASE("faulty CSV is refused with the row") {
  CHECK(fault_of("id,title\n1,A\n", "a.csv").find("row 1: the header names no column of text. Call it text") !=
        std::string::npos);
  CHECK(fault_of("id,text\n1,\"a\n").find("row 2") != std::string::npos);
  CHECK(fault_of("id,text\n1,a\n2,b,c\n").find("row 3") != std::string::npos);
}

TEST_CASE("a file that is cut short names the row that was being read") {
  std::string lines, rows = "id,text\n";
  for (int i = 0; i < 20000; ++i) {
    lines += "{\"text\": \"text number " + std::to_string(i * 7919 % 20011) + "\"}\n";
    rows += std::to_string(i) + ",text number " + std::to_string(i * 7919 % 20011) + "\n";
  }
  for (const Packing& packing : kPackings)
    for (const std::string& bytes : {lines, rows}) {
      const std::string packed = packing.pack(bytes);
      const std::string fault = fault_of(packed.substr(0, packed.size() - 20), "a.gz");
      CAPTURE(packing.name, fault);
      CHECK(fault.starts_with("a.gz, row 1")); // of five digits
      CHECK(fault.find(": ends in the middle of its " + std::string(packing.name) + " data") != std::string::npos);
    }
}

TEST_CASE("other formats are refused with the command that converts them") {
  using namespace std::string_literals;
  const auto refused = [](const std::string& bytes, const std::string& name, const std::string& problem,
                          const std::string& remedy) {
    CAPTURE(name);
    CHECK_THAT(fault_of(bytes, name), ContainsSubstring(name + ": is " + problem) && ContainsSubstring(remedy));
  };
  refused("PAR1\x15\x04"s, "d/a.parquet", "a Parquet table",
          "python3 -c \"import pandas; pandas.read_parquet('d/a.parquet').to_json('a.jsonl', orient='records', "
          "lines=True)\"");
  refused("ARROW1\0\0\xFF\xFF\xFF\xFF"s, "a.feather", "an Arrow (Feather) table", "pandas.read_feather('a.feather')");
  refused("\xFF\xFF\xFF\xFF\x10\x01\0\0"s, "a.arrow", "an Arrow stream",
          "datasets.Dataset.from_file('a.arrow').to_json('a.jsonl')");
  refused("<mediawiki xmlns=\"x\">\n<page>", "a.xml", "raw wikitext (XML)", "CirrusSearch dump");
  refused("<?xml version=\"1.0\"?><mediawiki>", "a.xml", "raw wikitext (XML)", "wikiextractor.WikiExtractor --json");
  refused("  <page>\n<title>A</title>", "a.xml", "raw wikitext (XML)", "CirrusSearch dump");
  refused("PK\x03\x04\x14\0\0\0"s, "a.zip", "a ZIP archive", "python3 -m zipfile -e a.zip a");
  refused("7z\xBC\xAF\x27\x1C\0\4"s, "a.7z", "a 7-Zip archive", "python3 -m py7zr x a.7z a");
  refused("name" + std::string(253, '\0') + "ustar\0"s, "a.tar", "a tar archive", "python3 -m tarfile -e a.tar a");
  refused("\xFD\x37zXZ\0\0\4"s, "a.xz", "an xz archive", "lzma.open('a.xz')");
  refused("[\n {\"text\": \"a\"}]", "a.json", "one JSON list", "python3 -c \"import json");
  refused("%PDF-1.7\n", "a.pdf", "a PDF document", "Make JSON lines of it");
  refused("<!DOCTYPE html><html>", "a.html", "a web page", "");
  refused("\xFF\xFEt\0e\0x\0t\0"s, "a.txt", "UTF-16 text", "iconv");
  refused("\x01\x02\x03\x04 abc\x05\x80\x81", "a.bin", "no text", "Give JSON lines");
  refused(gzip_of("PAR1\x15\x04"), "a.gz", "a Parquet table", "read_parquet");
  refused(gzip_of(gzip_of("text")), "a.gz", "a gzip archive", "gunzip");
}

TEST_CASE("a folder in Arrow's format is refused, and so is any other") {
  const TemporaryFolder folder;
  CHECK_THROWS_WITH(open_documents(folder.path()), ContainsSubstring("is a folder"));
  CHECK_NOTHROW(refuse_arrow_folder(folder.path()));
  write_file_atomically(folder / "dataset_info.json", "{}");
  write_file_atomically(folder / "state.json", "{}");
  CHECK_THROWS_WITH(open_documents(folder.path()), ContainsSubstring("datasets.load_from_disk("));
}

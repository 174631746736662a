#include "support/files/file_kind.hpp"

#include <utility>
#include <vector>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace sciexam;
using namespace std::string_literals;
using Catch::Matchers::ContainsSubstring;

namespace {

std::string name_of(const std::string& beginning) {
  const std::optional<FileKind> kind = find_file_kind(beginning);
  return kind ? kind->name : "";
}

/// ASCII as UTF-16 or UTF-32: each character in `unit` bytes, the one with the value at `place`.
std::string widened(const std::string& text, std::size_t unit, std::size_t place) {
  std::string wide;
  for (const char character : text) {
    std::string bytes(unit, '\0');
    bytes[place] = character;
    wide += bytes;
  }
  return wide;
}

const std::string kHeader = "id,prompt,A,B,C,D,E\n0,Why?,a,b,c,d,e\n";

} // namespace

// The signatures are those of the formats' specifications and of file(1).
TEST_CASE("archives, tables and documents are recognised by their first bytes") {
  const std::vector<std::pair<std::string, std::string>> kinds = {
      {"\x1F\x8B\x08\0\0\0\0\0"s, "gzip"},
      {"BZh91AY&SY"s, "bzip2"},
      {"\xFD\x37zXZ\0\0\x04"s, "xz"},
      {"\x28\xB5\x2F\xFD\x24"s, "zstd"},
      {"\x04\x22\x4D\x18\x64"s, "lz4"},
      {"7z\xBC\xAF\x27\x1C"s, "7-Zip"},
      {"Rar!\x1A\x07\x01\0"s, "RAR"},
      {"PK\x03\x04\x14\0\0\0\x08\0test.csv"s, "a zip archive"},
      {"PK\x05\x06\0\0"s, "empty zip"},
      {"PK\x03\x04\x14\0\x06\0\x08\0[Content_Types].xml"s, ".xlsx"},
      {"PK\x03\x04\x14\0\0\x08\0\0mimetypeapplication/vnd.oasis.opendocument.spreadsheet"s, ".ods"},
      {"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1\0"s, ".xls"},
      {"PAR1\x15\x04"s, "Parquet"},
      {"ARROW1\0\0"s, "Arrow (Feather)"},
      {"\xFF\xFF\xFF\xFF\x10\x01\0\0"s, "Arrow stream"},
      {"SQLite format 3\0\x10"s, "SQLite"},
      {"%PDF-1.7\n"s, "PDF"},
      {"\x80\x04\x95\x10\0"s, "pickle"},
      {"\x80\x02}q\0"s, "pickle"},
      {"\x93NUMPY\x01\0"s, "NumPy"},
      {"\x89HDF\r\n\x1A\n"s, "HDF5"},
      {"{\\rtf1\\ansi"s, "RTF"},
      {"test.csv" + std::string(249, '\0') + "ustar"s, "tar"},
      {"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n"s, "Git LFS pointer"},
  };
  for (const auto& [beginning, name] : kinds) {
    CAPTURE(name);
    CHECK_THAT(name_of(beginning), ContainsSubstring(name));
    CHECK(find_file_kind(beginning)->remedy.size() > 10);
  }
}

TEST_CASE("UTF-16 and UTF-32 are told apart from UTF-8 with and without a byte order mark") {
  CHECK(name_of("\xFF\xFE"s + widened(kHeader, 2, 0)) == "UTF-16 text (little-endian)");
  CHECK(name_of("\xFE\xFF"s + widened(kHeader, 2, 1)) == "UTF-16 text (big-endian)");
  CHECK(name_of(widened(kHeader, 2, 0)) == "UTF-16 text (little-endian, without a byte order mark)");
  CHECK(name_of(widened(kHeader, 2, 1)) == "UTF-16 text (big-endian, without a byte order mark)");
  CHECK(name_of("\xFF\xFE\0\0"s + widened(kHeader, 4, 0)) == "UTF-32 text (little-endian)");
  CHECK(name_of(widened(kHeader, 4, 0)) == "UTF-32 text (little-endian, without a byte order mark)");
  CHECK(name_of(widened(kHeader, 4, 3)) == "UTF-32 text (big-endian, without a byte order mark)");
  CHECK(find_file_kind(widened(kHeader, 2, 1))->remedy ==
        "Save it as UTF-8, for example with iconv -f UTF-16BE -t UTF-8");
}

TEST_CASE("web pages and JSON are recognised by how they begin, after blanks and a byte order mark") {
  CHECK_THAT(name_of("<!DOCTYPE html>\n<html>"), ContainsSubstring("web page"));
  CHECK_THAT(name_of("\xEF\xBB\xBF\n  <HTML lang=en>"), ContainsSubstring("web page"));
  CHECK_THAT(name_of("<?xml version=\"1.0\"?>"), ContainsSubstring("XML"));
  for (const char* json : {"[{\"id\": 0}]", " {\n  \"id\": 0}", "[]", "[\n  [\"a\"]]"})
    CHECK(name_of(json) == "JSON");
}

TEST_CASE("text of other kinds has none, however it begins") {
  for (const std::string& text :
       {kHeader, "\xEF\xBB\xBF" + kHeader, ""s, "\n"s, "[note],id\n"s, "{x},id\n"s, "PKB,id\n"s, "BZh,id\n"s,
        "ORCID,id\n"s, "PAR1,id\n"s, "Obj,id\n"s, "\xE2\x82\xAC,id\n"s, "id\0,x"s, "<b>,id"s})
    CHECK(name_of(text).empty());
}

#include "retrieval/corpus/byte_source.hpp"
#include "retrieval/corpus/clean_utf8.hpp"
#include "retrieval/corpus/line_reader.hpp"
#include "retrieval/corpus/packed.hpp"
#include "support/errors.hpp"
#include "support/files/files.hpp"
#include "support/random.hpp"
#include "support/text/utf8.hpp"
#include "temporary_folder.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <fcntl.h>
#include <unistd.h>

using namespace sciexam;
using namespace sciexam::test;
using Catch::Matchers::ContainsSubstring;

namespace {

std::string all_of(ByteSource source) {
  std::string bytes;
  for (std::string_view block; !(block = source.peek(1, 7)).empty(); source.skip(block.size()))
    bytes += block;
  return bytes;
}

std::string unpacked(const std::string& packed) {
  return all_of(ByteSource::of(packed, "a.bin"));
}

/// Text that packs to a third, so that several blocks of it are packed bytes of several blocks.
std::string some_text(std::size_t bytes) {
  RandomSequence random({.key = 1});
  std::string text;
  while (text.size() < bytes)
    text += std::to_string(random.next()) + "\n";
  text.resize(bytes);
  return text;
}

} // namespace

TEST_CASE("bytes come as they are, or unpacked, whatever the file's name") {
  const TemporaryFolder folder;
  for (const std::size_t size : {0, 1, 5, 1000, 1500000}) {
    const std::string text = some_text(size);
    CHECK(unpacked(text) == text);
    for (const auto& [name, pack] : kPackings) {
      CAPTURE(name, size);
      const std::string packed = pack(text);
      CHECK(unpacked(packed) == text);
      write_file_atomically(folder / "a.txt", packed);
      ByteSource source(folder / "a.txt");
      CHECK(source.packing() == name);
      source.peek(size + 1);
      CHECK(source.bytes_read() == packed.size());
      CHECK(all_of(std::move(source)) == text);
    }
  }
}

TEST_CASE("peek gives as many bytes as are asked for, and skip goes on behind") {
  ByteSource source = ByteSource::of(gzip_of(some_text(600000)), "a");
  CHECK(source.peek().size() >= 1);
  CHECK(source.peek(500000).size() >= 500000);
  source.skip(300000);
  CHECK(source.peek(500000) == std::string_view(some_text(600000)).substr(300000));
  source.skip(300000);
  CHECK(source.peek().empty());
  CHECK(source.peek().empty());
}

TEST_CASE("several members follow one another") {
  const std::string a = some_text(400000), b = "b", none;
  for (const auto& [name, pack] : kPackings) {
    CAPTURE(name);
    CHECK(unpacked(pack(a) + pack(none) + pack(b) + pack(a)) == a + b + a);
  }
  const std::string skippable("\x50\x2A\x4D\x18\x03\0\0\0abc", 11);
  CHECK(unpacked(zstd_of(a) + skippable + zstd_of(b)) == a + b);
  CHECK(unpacked(skippable + zstd_of(b)) == b);
}

TEST_CASE("a file that is cut short is refused, wherever that is") {
  for (const auto& [name, pack] : kPackings) {
    CAPTURE(name);
    const std::string small = pack("some text"), large = pack(some_text(500000));
    for (std::size_t size = 12; size < small.size(); ++size)
      CHECK_THROWS_WITH(unpacked(small.substr(0, size)),
                        ContainsSubstring("a.bin, row 7: ends in the middle of its " + std::string(name) + " data") &&
                            ContainsSubstring("get it again"));
    CHECK_THROWS_AS(unpacked(large.substr(0, large.size() / 2)), InputError);
    CHECK_THROWS_AS(unpacked(large + small.substr(0, small.size() - 1)), InputError);
  }
}

TEST_CASE("a flipped bit is noticed") {
  for (const auto& [name, pack] : kPackings) {
    const std::string packed = pack(some_text(20000));
    for (const std::size_t place : {packed.size() / 3, packed.size() / 2, packed.size() - 6}) {
      CAPTURE(name, place);
      std::string damaged = packed;
      damaged[place] = static_cast<char>(damaged[place] ^ 4);
      CHECK_THROWS_AS(unpacked(damaged), InputError);
    }
  }
  std::string damaged = gzip_of("some text");
  damaged[damaged.size() - 6] ^= 1;
  CHECK_THROWS_WITH(unpacked(damaged), ContainsSubstring("a.bin, row 7: is damaged (incorrect data check). Download"));
}

TEST_CASE("what follows the last member is refused, but zeros behind gzip") {
  for (const auto& [name, pack] : kPackings) {
    CAPTURE(name);
    for (const std::string_view rest : {"x", "some other text"})
      CHECK_THROWS_WITH(unpacked(pack("text") + std::string(rest)), ContainsSubstring("other bytes follow"));
    const std::string padded = pack("text") + std::string(300000, '\0');
    if (std::string_view(name) == "gzip")
      CHECK(unpacked(padded) == "text");
    else
      CHECK_THROWS_AS(unpacked(padded), InputError);
    CHECK_THROWS_AS(unpacked(padded + "x"), InputError);
  }
}

TEST_CASE("a zstd frame with a huge window is refused with the remedy") {
  // Magic number, descriptor without sizes, window of 2^31 bytes (RFC 8878, 3.1.1.1.2).
  CHECK_THROWS_WITH(unpacked(std::string("\x28\xB5\x2F\xFD\x00\xA8\x01\x00\x00", 9)),
                    ContainsSubstring("window of more than 128 MB. Pack it again without --long"));
}

TEST_CASE("a file that is not there, or is a folder, is named") {
  const TemporaryFolder folder;
  CHECK_THROWS_AS(ByteSource(folder / "none"), UsageError);
  CHECK_THROWS_WITH(ByteSource(folder.path()), ContainsSubstring("is a folder"));
}

TEST_CASE("standard input is \"-\"") {
  const TemporaryFolder folder;
  write_file_atomically(folder / "a", zstd_of("from a pipe"));
  const int kept = ::dup(STDIN_FILENO), file = ::open((folder / "a").c_str(), O_RDONLY);
  REQUIRE(::dup2(file, STDIN_FILENO) == STDIN_FILENO);
  ByteSource source("-");
  ::dup2(kept, STDIN_FILENO);
  ::close(kept);
  ::close(file);
  CHECK(source.file() == "standard input");
  CHECK(all_of(std::move(source)) == "from a pipe");
}

TEST_CASE("lines of any length are read, with their numbers, blank ones counted and skipped") {
  const std::string longer(700000, 'x');
  LineReader lines(ByteSource::of("a\r\n\n  \n" + longer + "\n" + longer + "\nlast", "a"));
  const auto expect = [&](std::string_view line, std::size_t row) {
    CHECK(lines.next() == line);
    CHECK(lines.row() == row);
  };
  expect("a", 1);
  expect(longer, 4);
  expect(longer, 5);
  expect("last", 6);
  CHECK(!lines.next());
  CHECK(!lines.next());
}

TEST_CASE("a line of more than 256 MiB is refused without being held") {
  const std::string block(std::size_t{1} << 20, 'x');
  std::string bytes = "short\n";
  const std::string packed = zstd_of(block, 1);
  std::string file = zstd_of(bytes);
  for (int i = 0; i < 257; ++i)
    file += packed;
  LineReader lines(ByteSource::of(file, "a.jsonl"));
  CHECK(lines.next() == "short");
  CHECK_THROWS_WITH(lines.next(), ContainsSubstring("a.jsonl, row 2: is longer than 256 MiB. Check"));
}

TEST_CASE("any bytes become clean UTF-8, and good ones stay") {
  const auto clean = [](std::string_view bytes) {
    std::string text;
    const std::size_t replaced = append_clean_utf8(bytes, text);
    return std::to_string(replaced) + text;
  };
  CHECK(clean("plain text \xC3\xA9 \xE2\x82\xAC \xF0\x9D\x84\x9E") ==
        "0plain text \xC3\xA9 \xE2\x82\xAC \xF0\x9D\x84\x9E");
  CHECK(clean("caf\xE9 noir") == "1caf\xEF\xBF\xBD noir");
  CHECK(clean("\xE2\x82") == "1\xEF\xBF\xBD");
  CHECK(clean("a\xED\xA0\x80z") == "1a\xEF\xBF\xBDz"); // a surrogate
  CHECK(clean(std::string_view("a\0b", 3)) == "0a b");
  RandomSequence random({.key = 2});
  for (int i = 0; i < 3000; ++i) {
    std::string bytes;
    for (std::uint64_t length = random.next() % 40; bytes.size() < length;)
      bytes += static_cast<char>(random.next() % 3 == 0 ? random.next() % 256 : 'a' + random.next() % 26);
    std::string text;
    const std::size_t replaced = append_clean_utf8(bytes, text);
    REQUIRE(find_invalid_utf8(text) == std::string::npos);
    REQUIRE(text.find('\0') == std::string::npos);
    REQUIRE((replaced == 0) == (find_invalid_utf8(bytes) == std::string::npos));
    REQUIRE(is_clean_utf8(bytes) == (text == bytes));
  }
}

#include "package/tiny_package.hpp"
#include "package/zstd_frames.hpp"
#include "support/errors.hpp"

#include <cstdlib>
#include <random>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace sciexam;
using namespace sciexam::test;
using Catch::Matchers::ContainsSubstring;

namespace {

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text));
}

std::string text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// A header and 9 MiB that compress a little.
std::string some_data() {
  std::mt19937 random(1);
  std::string text((std::size_t{9} << 20) + 5, '\0');
  for (char& c : text)
    c = static_cast<char>(random() % 100);
  return text;
}

FramedFile write_frames(const std::filesystem::path& file, std::string_view header, std::string_view data,
                        int threads = 2) {
  FrameWriter writer(file, threads);
  writer.add(bytes_of(header));
  writer.end_frame();
  // In pieces of a size that no frame ends with.
  for (std::size_t i = 0; i < data.size(); i += 1000003)
    writer.add(bytes_of(data.substr(i, 1000003)));
  FramedFile record = writer.finish();
  writer.commit();
  return record;
}

std::uint32_t le32(std::string_view text, std::size_t offset) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < 4; ++i)
    value |= static_cast<std::uint32_t>(static_cast<unsigned char>(text[offset + i])) << (8 * i);
  return value;
}

} // namespace

TEST_CASE("frames give back what went in, each on its own") {
  const TemporaryFolder folder;
  const std::string data = some_data();
  const FramedFile record = write_frames(folder / "a.zst", "the header", data);
  REQUIRE(record.frames.size() == 4);
  CHECK(record.frames[0].raw_size == 10);
  CHECK(record.frames[1].raw_size == kFrameBytes);
  CHECK(record.frames[3].raw_size == (std::size_t{1} << 20) + 5);
  CHECK(record.raw_size == data.size() + 10);
  CHECK(record.raw_sha256 == sha256_hex(bytes_of("the header" + data)));
  CHECK(record.sha256 == sha256_hex(bytes_of(read_file(folder / "a.zst"))));
  const FrameReader reader(PackageFile(folder / "a.zst"), record, FrameReader::Form::compressed);
  std::string back;
  for (std::size_t i = 0; i < record.frames.size(); ++i)
    back += text_of(reader.read_and_verify(i));
  CHECK(back == "the header" + data);
}

TEST_CASE("the file of frames does not depend on the number of threads") {
  const TemporaryFolder folder;
  const std::string data = some_data();
  write_frames(folder / "a.zst", "the header", data, 1);
  write_frames(folder / "b.zst", "the header", data, 3);
  CHECK(read_file(folder / "a.zst") == read_file(folder / "b.zst"));
}

TEST_CASE("zstd turns the file of frames into the plain file") {
  const TemporaryFolder folder;
  const std::string data = some_data();
  write_frames(folder / "a.zst", "the header", data);
  CHECK(decompress(folder / "a.zst") == "the header" + data);
  if (std::system("zstd --version > /dev/null 2>&1") != 0)
    SKIP("there is no zstd command here");
  REQUIRE(std::system(("zstd -q -d " + (folder / "a.zst").string()).c_str()) == 0);
  CHECK(read_file(folder / "a") == "the header" + data);
}

TEST_CASE("the seek table is that of zstd's seekable format") {
  const TemporaryFolder folder;
  const FramedFile record = write_frames(folder / "a.zst", "the header", some_data());
  const std::string file = read_file(folder / "a.zst");
  const std::string table = file.substr(record.seek_table.offset);
  REQUIRE(table.size() == record.seek_table.size);
  CHECK(table.size() == seek_table_bytes(4));
  CHECK(sha256_hex(bytes_of(table)) == record.seek_table.sha256);
  CHECK(le32(table, 0) == 0x184D2A5E);
  CHECK(le32(table, 4) == table.size() - 8);
  std::uint64_t size = 0, raw_size = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    size += le32(table, 8 + 8 * i);
    raw_size += le32(table, 12 + 8 * i);
    CHECK(le32(file, record.frames[i].offset) == 0xFD2FB528); // a zstd frame begins there
  }
  CHECK(size == record.seek_table.offset);
  CHECK(raw_size == record.raw_size);
  CHECK(le32(table, table.size() - 9) == 4);
  CHECK(table[table.size() - 5] == 0);
  CHECK(le32(table, table.size() - 4) == 0x8F92EAB1);
}

TEST_CASE("a damaged frame is named with its bytes, and the others can be read") {
  const TemporaryFolder folder;
  const FramedFile record = write_frames(folder / "a.zst", "the header", some_data());
  const Frame& frame = record.frames[2];
  flip_bit(folder / "a.zst", 8 * (frame.offset + 1234567) + 4);
  const FrameReader reader(PackageFile(folder / "a.zst"), record, FrameReader::Form::compressed);
  CHECK(reader.read_and_verify(1).size() == kFrameBytes);
  CHECK(reader.read_and_verify(3).size() == record.frames[3].raw_size);
  CHECK_THROWS_WITH(reader.read_and_verify(2),
                    ContainsSubstring("a.zst: frame 2 of 4 (bytes " + std::to_string(frame.offset) + " to " +
                                      std::to_string(frame.offset + frame.size - 1) + ") does not match its sha256") &&
                        ContainsSubstring("Upload or copy"));
}

TEST_CASE("a frame whose recorded plain hash or size is wrong is refused") {
  const TemporaryFolder folder;
  const FramedFile good = write_frames(folder / "a.zst", "the header", "some data");
  FramedFile record = good;
  record.frames[1].raw_sha256 = record.frames[0].raw_sha256;
  const auto read = [&](std::size_t frame) {
    return FrameReader(PackageFile(folder / "a.zst"), record, FrameReader::Form::compressed).read_and_verify(frame);
  };
  CHECK_THROWS_WITH(read(1), ContainsSubstring("frame 1 of 2") && ContainsSubstring("plain bytes"));
  record = good;
  record.frames[1].raw_size += 1;
  CHECK_THROWS_WITH(read(1), ContainsSubstring("holds 9 bytes where the manifest says 10"));
  record.frames[1].raw_size -= 2;
  CHECK_THROWS_WITH(read(1), ContainsSubstring("cannot be decoded"));
}

TEST_CASE("the plain file is read by the same record") {
  const TemporaryFolder folder;
  const std::string data = some_data();
  const FramedFile record = write_frames(folder / "a.zst", "the header", data);
  write_file(folder / "a", "the header" + data);
  const FrameReader reader(PackageFile(folder / "a"), record, FrameReader::Form::plain);
  CHECK(text_of(reader.read_and_verify(2)) == data.substr(kFrameBytes, kFrameBytes));
  flip_bit(folder / "a", 8 * (10 + kFrameBytes) + 4);
  CHECK_THROWS_WITH(reader.read_and_verify(2), ContainsSubstring("frame 2 of 4 (bytes 4194314 to 8388617)"));
}

TEST_CASE("a file whose length is not the recorded one is refused") {
  const TemporaryFolder folder;
  const FramedFile record = write_frames(folder / "a.zst", "the header", "some data");
  write_file(folder / "a.zst", read_file(folder / "a.zst") + "x");
  CHECK_THROWS_WITH(FrameReader(PackageFile(folder / "a.zst"), record, FrameReader::Form::compressed),
                    ContainsSubstring("bytes long, but the manifest says " + std::to_string(record.size)));
}

TEST_CASE("frames that are not committed leave nothing behind") {
  const TemporaryFolder folder;
  {
    FrameWriter writer(folder / "a.zst", 1);
    writer.add(bytes_of("some data"));
    CHECK(writer.finish().frames.size() == 1);
    CHECK(std::filesystem::exists(writer.temporary()));
  }
  CHECK(names_in(folder.path()).empty());
}

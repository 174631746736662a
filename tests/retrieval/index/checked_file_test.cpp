#include "retrieval/index/checked_file.hpp"
#include "retrieval/index/small_pieces.hpp"
#include "support/errors.hpp"
#include "temporary_folder.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace sciexam;
using namespace sciexam::test;
using Catch::Matchers::ContainsSubstring;

namespace {

constexpr std::string_view kMarker = "SCXtests";

CheckedFileRecord write_content(const std::filesystem::path& file, std::string_view content) {
  CheckedFileWriter writer(file, kMarker);
  for (std::size_t i = 0; i < content.size(); i += 10007)
    writer.write(content.substr(i, 10007));
  CheckedFileRecord record = writer.finish();
  writer.commit();
  return record;
}

std::string some_content() {
  std::string content;
  for (int i = 0; content.size() < 3 * kChunkBytes; ++i)
    content += std::to_string(i);
  return content;
}

} // namespace

TEST_CASE("a checked file gives back what was written, and its record is the file's") {
  const TemporaryFolder folder;
  for (const std::size_t size : {std::size_t{0}, kChunkBytes - kMarkerBytes, 3 * kChunkBytes}) {
    const std::string content = some_content().substr(0, size);
    const CheckedFileRecord record = write_content(folder / "a.bin", content);
    const std::string bytes = read_text_file(folder / "a.bin");
    CHECK(record.name == "a.bin");
    CHECK(record.content == kMarkerBytes + size);
    CHECK(record.size() == bytes.size());
    CHECK(record.sha256 == sha256_hex(bytes_of(bytes)));
    const CheckedFile file(IndexFile(folder / "a.bin"), record, kMarker);
    const std::span<const std::byte> back = file.read(kMarkerBytes, size);
    CHECK(std::string_view(reinterpret_cast<const char*>(back.data()), back.size()) == content);
  }
}

TEST_CASE("a flipped bit is named with its chunk, when it is touched and not before") {
  const TemporaryFolder folder;
  const CheckedFileRecord record = write_content(folder / "a.bin", some_content());
  flip_bit_of(folder / "a.bin", kChunkBytes + 5);
  const CheckedFile file(IndexFile(folder / "a.bin"), record, kMarker);
  CHECK_NOTHROW(file.read(0, kChunkBytes));
  CHECK_NOTHROW(file.read(2 * kChunkBytes, 100));
  for (int i = 0; i < 2; ++i) // it is not forgotten
    CHECK_THROWS_WITH(file.read(2 * kChunkBytes - 1, 1),
                      ContainsSubstring("a.bin: is damaged: chunk 1 of 4 (bytes 16384 to 32767)"));
  CHECK_THROWS_AS(file.read_all(), PackageError);
}

TEST_CASE("any flipped bit of a checked file is found") {
  const TemporaryFolder folder;
  const CheckedFileRecord record = write_content(folder / "a.bin", some_content().substr(0, kChunkBytes + 100));
  for (std::uint64_t byte = 0; byte < record.size(); byte += byte < 64 || byte + 64 > record.size() ? 1 : 997) {
    flip_bit_of(folder / "a.bin", byte);
    CHECK_THROWS_AS(CheckedFile(IndexFile(folder / "a.bin"), record, kMarker).read_all(), PackageError);
    flip_bit_of(folder / "a.bin", byte);
  }
  CHECK_NOTHROW(CheckedFile(IndexFile(folder / "a.bin"), record, kMarker).read_all());
}

TEST_CASE("a checked file that is cut, another one or read beyond its end is refused") {
  const TemporaryFolder folder;
  const CheckedFileRecord record = write_content(folder / "a.bin", some_content());
  const CheckedFile file(IndexFile(folder / "a.bin"), record, kMarker);
  CHECK_THROWS_AS(file.read(record.content, 1), PackageError);
  CHECK_THROWS_AS(file.read(UINT64_MAX, 2), PackageError);
  CHECK_THROWS_AS(file.read(1, UINT64_MAX), PackageError);
  CHECK_THROWS_WITH(CheckedFile(IndexFile(folder / "a.bin"), record, "SCXother"),
                    ContainsSubstring("does not begin with \"SCXother\""));
  const std::string bytes = read_text_file(folder / "a.bin");
  write_file_atomically(folder / "a.bin", bytes.substr(0, bytes.size() - 1));
  CHECK_THROWS_WITH(CheckedFile(IndexFile(folder / "a.bin"), record, kMarker), ContainsSubstring("bytes long"));
  std::filesystem::remove(folder / "a.bin");
  CHECK_THROWS_WITH(IndexFile(folder / "a.bin"), ContainsSubstring("is missing"));
}

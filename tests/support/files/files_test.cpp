#include "support/errors.hpp"
#include "support/files/files.hpp"
#include "temporary_folder.hpp"

#include <iterator>
#include <utility>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <sys/stat.h>

using namespace sciexam;
using Catch::Matchers::ContainsSubstring;
using sciexam::test::TemporaryFolder;

namespace {

std::string text_of(const MappedFile& file) {
  return {reinterpret_cast<const char*>(file.bytes().data()), file.bytes().size()};
}

std::ptrdiff_t entries_in(const TemporaryFolder& folder) {
  return std::distance(std::filesystem::directory_iterator(folder.path()), {});
}

} // namespace

TEST_CASE("a file is read back as it was written") {
  using namespace std::string_literals;
  const TemporaryFolder folder;
  for (const std::string& text : {""s, "a\r\n\0\xFF"s, std::string(3'000'000, 'x')}) {
    write_file_atomically(folder / "f", text);
    CHECK((read_text_file(folder / "f") == text));
    CHECK((text_of(MappedFile(folder / "f")) == text));
  }
}

TEST_CASE("a file longer than its limit is refused") {
  const TemporaryFolder folder;
  write_file_atomically(folder / "f", "12345");
  CHECK(read_text_file(folder / "f", 5) == "12345");
  CHECK_THROWS_AS(read_text_file(folder / "f", 4), InputError);
  CHECK_THROWS_WITH(read_text_file(folder / "f", 4), ContainsSubstring("5 bytes long, more than the 4"));
}

TEST_CASE("what is no readable file is refused by name") {
  const TemporaryFolder folder;
  CHECK_THROWS_WITH(read_text_file(folder / "none"), ContainsSubstring("none: cannot be opened: No such file"));
  CHECK_THROWS_AS(read_text_file(folder / "none"), UsageError);
  CHECK_THROWS_AS(MappedFile(folder / "none"), UsageError);
  CHECK_THROWS_WITH(read_text_file(folder.path()), ContainsSubstring("is not a regular file"));
  CHECK_THROWS_AS(MappedFile(folder.path()), UsageError);
}

TEST_CASE("a mapped file can be moved") {
  const TemporaryFolder folder;
  write_file_atomically(folder / "a", "first");
  write_file_atomically(folder / "b", "second");
  MappedFile a(folder / "a");
  MappedFile b(std::move(a));
  CHECK(text_of(b) == "first");
  b = MappedFile(folder / "b");
  CHECK(text_of(b) == "second");
  CHECK(b.path() == folder / "b");
}

TEST_CASE("an atomic file appears whole, at its commit") {
  const TemporaryFolder folder;
  write_file_atomically(folder / "f", "old");
  AtomicFile file(folder / "f");
  file.write("new ");
  file.write("text");
  CHECK(file.size() == 8);
  CHECK(read_text_file(folder / "f") == "old");
  CHECK(file.temporary().parent_path() == folder.path());
  CHECK(read_text_file(file.temporary()) == "new text");
  file.commit();
  CHECK(read_text_file(folder / "f") == "new text");
  CHECK(entries_in(folder) == 1);
}

TEST_CASE("without its commit an atomic file leaves nothing behind") {
  const TemporaryFolder folder;
  write_file_atomically(folder / "f", "old");
  {
    AtomicFile file(folder / "f");
    file.write("new");
    CHECK(entries_in(folder) == 2);
  }
  CHECK(read_text_file(folder / "f") == "old");
  CHECK(entries_in(folder) == 1);
}

TEST_CASE("an atomic file has the permissions of the user's new files") {
  const TemporaryFolder folder;
  const mode_t before = ::umask(027);
  write_file_atomically(folder / "f", "x");
  ::umask(before);
  CHECK(std::filesystem::status(folder / "f").permissions() == std::filesystem::perms(0640));
}

TEST_CASE("a path that cannot be written is refused with the remedy") {
  const TemporaryFolder folder;
  CHECK_THROWS_AS(AtomicFile(folder / "none" / "f"), WorkError);
  CHECK_THROWS_WITH(AtomicFile(folder / "none" / "f"), ContainsSubstring("Check that the folder"));
  std::filesystem::create_directory(folder / "taken");
  CHECK_THROWS_WITH(write_file_atomically(folder / "taken", "x"), ContainsSubstring("cannot be put in place"));
  CHECK(entries_in(folder) == 1);
}

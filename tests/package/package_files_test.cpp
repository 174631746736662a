#include "package/package_files.hpp"
#include "package/tiny_package.hpp"
#include "support/errors.hpp"

#include <array>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <sys/stat.h>

using namespace sciexam;
using namespace sciexam::test;
using Catch::Matchers::ContainsSubstring;

namespace {

std::string read(const PackageFile& file, std::uint64_t offset, std::size_t size) {
  std::string text(size, '\0');
  file.read(offset, std::as_writable_bytes(std::span(text)));
  return text;
}

void check_letters(const PackageFiles& files) {
  CHECK(files.has("letters"));
  CHECK_FALSE(files.has("digits"));
  CHECK_THROWS_AS(files.open("digits"), PackageError);
  const PackageFile file = files.open("letters");
  CHECK(file.size() == 6);
  CHECK(read(file, 2, 3) == "cde");
  CHECK(read(file, 6, 0).empty());
  CHECK_THROWS_WITH(read(file, 4, 3), ContainsSubstring("letters: ends at byte 6, too early"));
  CHECK_THROWS_AS(read(file, 7, 0), PackageError);
  CHECK_THROWS_AS(read(file, UINT64_MAX, 2), PackageError);
}

} // namespace

TEST_CASE("a package's files are read by position from a folder") {
  const TemporaryFolder folder;
  write_file(folder / "letters", "abcdef");
  check_letters(PackageFiles::in_folder(folder.path()));
}

TEST_CASE("a package's files are read by position from memory") {
  static constexpr std::string_view kLetters = "abcdef";
  check_letters(PackageFiles::in_memory("inside", {{"letters", std::as_bytes(std::span(kLetters))}}));
}

TEST_CASE("a folder or a named pipe in a file's place is refused at once") {
  const TemporaryFolder folder;
  std::filesystem::create_directory(folder / "a");
  REQUIRE(::mkfifo((folder / "b").c_str(), 0600) == 0);
  CHECK_THROWS_WITH(PackageFile(folder / "a"), ContainsSubstring("not a regular file"));
  CHECK_THROWS_WITH(PackageFile(folder / "b"), ContainsSubstring("not a regular file"));
}

TEST_CASE("a file that becomes shorter while it is read is noticed") {
  const TemporaryFolder folder;
  write_file(folder / "letters", "abcdef");
  const PackageFile file(folder / "letters");
  std::filesystem::resize_file(folder / "letters", 3);
  CHECK_THROWS_WITH(read(file, 0, 6), ContainsSubstring("cannot be read at byte 3: it became shorter"));
}

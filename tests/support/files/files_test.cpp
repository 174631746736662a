#include "support/errors.hpp"
#include "support/files/files.hpp"
#include "temporary_folder.hpp"

#include <atomic>
#include <cerrno>
#include <iterator>
#include <memory>
#include <set>
#include <utility>
#include <vector>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

using namespace sciexam;
using Catch::Matchers::ContainsSubstring;
using sciexam::test::TemporaryFolder;

namespace {

std::atomic<int> umask_calls = 0;

std::string text_of(const MappedFile& file) {
  return {reinterpret_cast<const char*>(file.bytes().data()), file.bytes().size()};
}

std::ptrdiff_t entries_in(const TemporaryFolder& folder) {
  return std::distance(std::filesystem::directory_iterator(folder.path()), {});
}

} // namespace

/// Stands in for the C library's.
extern "C" mode_t umask(mode_t mask) noexcept {
  ++umask_calls;
  return static_cast<mode_t>(::syscall(SYS_umask, mask));
}

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

TEST_CASE("a path that is not a readable file is refused by name") {
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

TEST_CASE("an atomic file leaves the umask alone, which other threads' files share") {
  const TemporaryFolder folder;
  const mode_t before = ::umask(077);
  umask_calls = 0;
  write_file_atomically(folder / "f", "x");
  CHECK(umask_calls == 0);
  ::umask(before);
  CHECK(umask_calls == 1); // the calls are seen
  CHECK(std::filesystem::status(folder / "f").permissions() == std::filesystem::perms(0600));
}

TEST_CASE("temporary names that are taken are skipped") {
  const TemporaryFolder folder;
  std::vector<std::unique_ptr<AtomicFile>> files;
  std::set<std::filesystem::path> names;
  for (int i = 0; i < 500; ++i)
    names.insert(files.emplace_back(std::make_unique<AtomicFile>(folder / "f"))->temporary());
  CHECK(names.size() == 500);
  CHECK(entries_in(folder) == 500);
  remove_temporary_files(folder.path());
  CHECK(entries_in(folder) == 0);
}

TEST_CASE("a file that is shorter than the system says is not blamed on an earlier fault") {
  const std::filesystem::path file = "/sys/devices/system/cpu/possible"; // 4096 bytes, of which few can be read
  std::error_code ignored;
  if (std::filesystem::file_size(file, ignored) != 4096)
    SKIP("no such file here");
  errno = ENOSPC;
  CHECK_THROWS_WITH(read_text_file(file), ContainsSubstring("could be read only up to byte") &&
                                              ContainsSubstring("the file ends there") &&
                                              !ContainsSubstring("No space left"));
}

TEST_CASE("a named pipe is refused rather than waited for") {
  const TemporaryFolder folder;
  REQUIRE(::mkfifo((folder / "pipe").c_str(), 0600) == 0);
  CHECK_THROWS_WITH(read_text_file(folder / "pipe"), ContainsSubstring("is not a regular file"));
}

TEST_CASE("a path that cannot be written is refused with the remedy") {
  const TemporaryFolder folder;
  CHECK_THROWS_AS(AtomicFile(folder / "none" / "f"), WorkError);
  CHECK_THROWS_WITH(AtomicFile(folder / "none" / "f"), ContainsSubstring("Check that the folder"));
  std::filesystem::create_directory(folder / "taken");
  CHECK_THROWS_WITH(write_file_atomically(folder / "taken", "x"), ContainsSubstring("cannot be put in place"));
  CHECK(entries_in(folder) == 1);
}

// A package that was damaged anywhere is refused or named, never answered from silently.
#include "end_to_end/program.hpp"
#include "temporary_folder.hpp"

#include <random>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace sciexam::test;
using Catch::Matchers::ContainsSubstring;

namespace {

namespace fs = std::filesystem;

/// Flips `count` single bits, one at a time, at places drawn evenly from all bytes of the small package.
void flip_bits(int count) {
  const TemporaryFolder folder;
  const fs::path package = folder / "package", test = folder / "test.csv", output = folder / "submission.csv";
  fs::copy(kSmallPackage, package);
  fs::copy_file(kSmallExam, test);
  const std::vector<std::string> answer = {"--package", package, "--test", test, "--output", output};
  REQUIRE(sciexam_run({"verify", package}).status == 0);
  REQUIRE(sciexam_run(answer).status == 0);
  const std::string right = read_bytes(output);

  std::vector<fs::path> files(fs::directory_iterator(package), fs::directory_iterator{});
  std::vector<double> sizes;
  for (const fs::path& file : files)
    sizes.push_back(static_cast<double>(fs::file_size(file)));
  std::mt19937 generator(20260101);
  std::discrete_distribution<std::size_t> any_file(sizes.begin(), sizes.end());
  for (int i = 0; i < count; ++i) {
    // The first flips visit each file, so that the small ones are hit too.
    const fs::path& file =
        files[static_cast<std::size_t>(i) < files.size() ? static_cast<std::size_t>(i) : any_file(generator)];
    const std::string whole = read_bytes(file);
    std::string damaged = whole;
    const std::size_t place = std::uniform_int_distribution<std::size_t>(0, whole.size() - 1)(generator);
    damaged[place] = static_cast<char>(damaged[place] ^ (1 << generator() % 8));
    write_bytes(file, damaged);
    INFO("a bit of byte " << place << " of " << file);

    const ProgramResult verified = sciexam_run({"verify", package});
    CHECK(verified.status == 1);
    CHECK_THAT(verified.out + verified.err, ContainsSubstring(file.filename().string()));
    const ProgramResult answered = sciexam_run(answer);
    if (answered.status == 0)
      CHECK(read_bytes(output) == right); // the bit lies in a part that answering does not read
    else
      CHECK_THAT(answered.out + answered.err, ContainsSubstring(file.filename().string()));
    write_bytes(file, whole);
  }
}

} // namespace

TEST_CASE("a flipped bit of a package is named") {
  flip_bits(12);
}

TEST_CASE("each of 200 flipped bits of a package is named", "[long]") {
  flip_bits(200);
}

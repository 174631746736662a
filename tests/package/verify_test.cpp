#include "package/package.hpp"
#include "package/tiny_package.hpp"
#include "package/verify.hpp"
#include "support/errors.hpp"

#include <algorithm>
#include <random>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace sciexam;
using namespace sciexam::test;
using Catch::Matchers::ContainsSubstring;

namespace {

using Names = std::vector<std::string>;

Names damaged(const VerifyReport& report) {
  Names names;
  for (const FileReport& file : report.files)
    if (!file.problems.empty())
      names.push_back(file.name);
  return names;
}

std::string problem_of(const VerifyReport& report, const std::string& name) {
  for (const FileReport& file : report.files)
    if (file.name == name && !file.problems.empty())
      return file.problems[0];
  return "";
}

/// All that a program takes from a package.
struct Content {
  std::string vocabulary;
  std::vector<std::int64_t> vocab_sizes;
  std::vector<Tensors> models;
  bool operator==(const Content&) const = default;
};

Content read_content(const std::filesystem::path& folder) {
  const Package package = Package::open(folder);
  Content content{package.vocabulary(), {}, {}};
  for (std::size_t i = 0; i < package.manifest().models.size(); ++i) {
    content.vocab_sizes.push_back(package.config(i).vocab_size);
    content.models.push_back(read_all(*package.open_model(i)));
  }
  return content;
}

} // namespace

TEST_CASE("an intact package passes, and files that are not its own are mentioned") {
  const TemporaryFolder folder;
  const PackRequest request = tiny_request(folder.path(), 2);
  const Manifest manifest = pack(request);
  write_file(request.output / "notes.txt", "mine");
  std::uint64_t shown = 0, total = 0;
  const VerifyReport report = verify_package(request.output, 2, [&](std::uint64_t done, std::uint64_t all) {
    CHECK(done >= shown);
    shown = done;
    total = all;
  });
  CHECK(report.ok());
  CHECK(report.identity == manifest.identity);
  Names names;
  for (const FileReport& file : report.files)
    names.push_back(file.name);
  CHECK(names == Names{"manifest.json", "spm.model", "config.json", "run_0.safetensors.zst", "run_1.safetensors.zst"});
  CHECK(report.files[3].size == manifest.models[0].weights.content.size);
  CHECK(report.unnamed == Names{"notes.txt"});
  CHECK(shown == total);
}

TEST_CASE("unpacked weights are checked too") {
  const TemporaryFolder folder;
  const PackRequest request = tiny_request(folder.path());
  pack(request);
  const std::filesystem::path plain = request.output / "run_0.safetensors";
  write_file(plain, decompress(request.output / "run_0.safetensors.zst"));
  CHECK(verify_package(request.output, 2).files.size() == 5);
  CHECK(verify_package(request.output, 2).ok());
  flip_bit(plain, 80);
  CHECK(damaged(verify_package(request.output, 2)) == Names{"run_0.safetensors"});
  flip_bit(plain, 80);
  std::filesystem::remove(request.output / "run_0.safetensors.zst");
  CHECK(verify_package(request.output, 2).ok());
  std::filesystem::remove(plain);
  CHECK(damaged(verify_package(request.output, 2)) == Names{"run_0.safetensors.zst"});
}

TEST_CASE("every damaged frame is named, and so is a damaged seek table") {
  const TemporaryFolder folder;
  const PackRequest request = tiny_request(folder.path(), 1, 300000);
  const Manifest manifest = pack(request);
  const FramedFile& content = manifest.models[0].weights.content;
  REQUIRE(content.frames.size() == 6);
  const std::filesystem::path file = request.output / "run_0.safetensors.zst";
  for (const std::uint64_t byte : {content.frames[1].offset, content.frames[4].offset + 9, content.size - 1})
    flip_bit(file, 8 * byte);
  const VerifyReport report = verify_package(request.output, 2);
  REQUIRE(report.files.back().problems.size() == 3);
  CHECK_THAT(report.files.back().problems[0], ContainsSubstring("frame 1 of 6"));
  CHECK_THAT(report.files.back().problems[1], ContainsSubstring("frame 4 of 6"));
  CHECK_THAT(report.files.back().problems[2], ContainsSubstring("the seek table"));
}

TEST_CASE("many damaged frames are not all listed") {
  const TemporaryFolder folder;
  const PackRequest request = tiny_request(folder.path(), 1, 800000);
  const Manifest manifest = pack(request);
  REQUIRE(manifest.models[0].weights.content.frames.size() == 14);
  for (const Frame& frame : manifest.models[0].weights.content.frames)
    flip_bit(request.output / "run_0.safetensors.zst", 8 * frame.offset);
  const VerifyReport report = verify_package(request.output, 2);
  CHECK(report.files.back().problems.size() == 11);
  CHECK_THAT(report.files.back().problems.back(), ContainsSubstring("and more"));
}

TEST_CASE("without a trustworthy manifest nothing passes") {
  const TemporaryFolder folder;
  const PackRequest request = tiny_request(folder.path());
  pack(request);
  write_file(request.output / "manifest.json", "{}");
  VerifyReport report = verify_package(request.output, 2);
  CHECK_FALSE(report.ok());
  CHECK(report.identity.empty());
  CHECK(damaged(report) == Names{"manifest.json"});
  std::filesystem::remove(request.output / "manifest.json");
  report = verify_package(request.output, 2);
  CHECK_THAT(problem_of(report, "manifest.json"), ContainsSubstring("cannot be opened"));
}

TEST_CASE("a manifest with wrong hashes of whole files is noticed") {
  const TemporaryFolder folder;
  const PackRequest request = tiny_request(folder.path());
  const Manifest manifest = pack(request);
  const auto verify_with = [&](const auto& change) {
    Manifest changed = manifest;
    change(changed.models[0].weights.content);
    write_file(request.output / "manifest.json", write_manifest(changed));
    return problem_of(verify_package(request.output, 2), "run_0.safetensors.zst");
  };
  CHECK_THAT(verify_with([](FramedFile& content) { content.sha256 = content.raw_sha256; }),
             ContainsSubstring("not that of the whole file"));
  CHECK_THAT(verify_with([](FramedFile& content) { content.raw_sha256 = content.sha256; }),
             ContainsSubstring("not that of the whole file"));
}

TEST_CASE("a reformatted manifest is usable but not as it was written") {
  const TemporaryFolder folder;
  const PackRequest request = tiny_request(folder.path());
  pack(request);
  const std::filesystem::path file = request.output / "manifest.json";
  write_file(file, Json::parse(read_file(file)).dump());
  const VerifyReport report = verify_package(request.output, 2);
  CHECK(damaged(report) == Names{"manifest.json"});
  CHECK_FALSE(report.identity.empty());
  CHECK_NOTHROW(read_content(request.output));
}

TEST_CASE("every single flipped bit is named, and never read as something else") {
  const TemporaryFolder folder;
  const PackRequest request = tiny_request(folder.path(), 2);
  pack(request);
  const Content content = read_content(request.output);
  std::mt19937_64 random(20230711);
  int refused = 0;
  for (const std::string& name : names_in(request.output)) {
    const std::filesystem::path file = request.output / name;
    const std::uint64_t bits = 8 * std::filesystem::file_size(file);
    for (int i = 0; i < 60; ++i) {
      const std::uint64_t bit = random() % bits;
      CAPTURE(name, bit);
      flip_bit(file, bit);
      CHECK(damaged(verify_package(request.output, 1)) == Names{name});
      bool same = true;
      try {
        same = read_content(request.output) == content;
      } catch (const Error&) {
        ++refused;
      }
      CHECK(same);
      flip_bit(file, bit);
    }
  }
  CHECK(verify_package(request.output, 1).ok());
  CHECK(refused > 250); // of 300: only the seek tables and a manifest's layout are not read
}

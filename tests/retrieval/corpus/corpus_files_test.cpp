#include "retrieval/corpus/corpus_files.hpp"
#include "support/errors.hpp"
#include "support/files/files.hpp"
#include "temporary_folder.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <sys/stat.h>

using namespace sciexam;
using namespace sciexam::test;
using Catch::Matchers::ContainsSubstring;

namespace {

namespace fs = std::filesystem;

class Corpus {
public:
  Corpus() {
    for (const char* name : {"b/2.json", "b/10.json", "b/README.md", "b/deep/x.txt", "a/1.json", "a/1.json.md5",
                             "a/.hidden", "ab/3.txt", "LICENSE", "[odd].txt"}) {
      fs::create_directories((folder_ / name).parent_path());
      write_file_atomically(folder_ / name, "text");
    }
  }
  std::string operator/(const std::string& name) const { return (folder_ / name).string(); }
  const fs::path& path() const { return folder_.path(); }

  /// Paths below the folder, joined by spaces.
  std::string find(const std::vector<std::string>& given, bool ignored = false) const {
    const CorpusFiles found = find_corpus_files(given);
    std::string names;
    for (const fs::path& path : ignored ? found.ignored : found.files)
      names += (names.empty() ? "" : " ") + (path == "-" ? path : path.lexically_relative(folder_.path())).string();
    return names;
  }

private:
  TemporaryFolder folder_;
};

} // namespace

TEST_CASE("files come in the order given, folders with all below them by the bytes of their paths") {
  const Corpus corpus;
  CHECK(corpus.find({corpus / "b/2.json", corpus / "a/1.json", "-"}) == "b/2.json a/1.json -");
  CHECK(corpus.find({corpus / "b"}) == "b/10.json b/2.json b/deep/x.txt");
  CHECK(corpus.find({corpus.path().string()}) == "[odd].txt a/1.json ab/3.txt b/10.json b/2.json b/deep/x.txt");
}

TEST_CASE("licences, checksums and hidden files of folders are ignored and said, but read when they are named") {
  const Corpus corpus;
  CHECK(corpus.find({corpus.path().string()}, true) == "LICENSE a/.hidden a/1.json.md5 b/README.md");
  CHECK(corpus.find({corpus / "b/README.md"}) == "b/README.md");
  CHECK(corpus.find({corpus / "b/*"}) == "b/10.json b/2.json b/deep/x.txt");
  CHECK(corpus.find({corpus / "b/*"}, true) == "b/README.md");
}

TEST_CASE("patterns match in names of files and folders") {
  const Corpus corpus;
  CHECK(corpus.find({corpus / "b/*.json"}) == "b/10.json b/2.json");
  CHECK(corpus.find({corpus / "b/?.json"}) == "b/2.json");
  CHECK(corpus.find({corpus / "[ab]/[0-9]*.json"}) == "a/1.json b/10.json b/2.json");
  CHECK(corpus.find({corpus / "*/*.txt"}) == "ab/3.txt");
  CHECK(corpus.find({corpus / "a*"}) == "a/1.json ab/3.txt");
  CHECK(corpus.find({corpus / "[odd].txt"}) == "[odd].txt"); // a file's own name comes first
}

TEST_CASE("a file that is named twice is read once") {
  const Corpus corpus;
  fs::create_symlink(corpus / "a/1.json", corpus / "b/link.json");
  CHECK(corpus.find({corpus / "a/1.json", corpus / "b/../a/1.json", corpus / "a", "-", "-", corpus / "b"}) ==
        "a/1.json - b/10.json b/2.json b/deep/x.txt");
  CHECK_NOTHROW(corpus.find({corpus / "a", corpus / "a"}));
}

TEST_CASE("links that lead round and special files do no harm") {
  const Corpus corpus;
  fs::create_directory_symlink(corpus / "b", corpus / "b/deep/back");
  fs::create_symlink(corpus / "gone", corpus / "b/broken");
  REQUIRE(::mkfifo((corpus / "b/pipe").c_str(), 0600) == 0);
  CHECK(corpus.find({corpus / "b"}) == "b/10.json b/2.json b/deep/x.txt");
  CHECK(corpus.find({corpus / "b/pipe"}) == "b/pipe");
}

TEST_CASE("what names nothing to read is an error that says which") {
  const Corpus corpus;
  CHECK_THROWS_WITH(corpus.find({corpus / "a", corpus / "none"}),
                    ContainsSubstring("none: there is no such file or folder"));
  CHECK_THROWS_WITH(corpus.find({corpus / "b/*.bz2"}), ContainsSubstring("b/*.bz2: matches no file to read"));
  CHECK_THROWS_WITH(corpus.find({corpus / "b/READ*"}), ContainsSubstring("matches no file"));
  fs::create_directories(corpus / "empty");
  CHECK_THROWS_WITH(corpus.find({corpus / "empty"}), ContainsSubstring("empty: holds no file to read"));
  CHECK_THROWS_AS(corpus.find({""}), UsageError);
}

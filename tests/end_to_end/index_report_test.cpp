// The page about an index.
#include "end_to_end/program.hpp"
#include "temporary_folder.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace sciexam::test;
using Catch::Matchers::ContainsSubstring;

TEST_CASE("a page about an index is written when it is built, and of any index when it is verified") {
  const TemporaryFolder folder;
  write_bytes(folder / "corpus.jsonl", "{\"title\": \"Water\", \"text\": \"It flows.\"}\n{\"text\": \"\"}\n");
  const auto index = [&](const std::string& out, const std::string& report) {
    return sciexam_run({"index", "--corpus", folder / "corpus.jsonl", "--out", folder / out, "--report",
                        folder / report, "--title", "one article"});
  };
  const ProgramResult built = index("index", "built.html");
  INFO(built.err);
  REQUIRE(built.status == 0);
  CHECK(sciexam_run({"verify", "--index", folder / "index", "--report", folder / "verified.html"}).status == 0);
  for (const char* name : {"built.html", "verified.html"})
    CHECK_THAT(read_bytes(folder / name), ContainsSubstring("<h1>one article</h1>") &&
                                              ContainsSubstring("<dt>passages</dt><dd>1</dd>") &&
                                              ContainsSubstring("(corpus.jsonl, row 2)"));
  CHECK_THAT(read_bytes(folder / "built.html"), ContainsSubstring("passages a second"));
  CHECK_THAT(sciexam_run({"verify", "--report", folder / "x.html"}).err, ContainsSubstring("--index"));

  const ProgramResult nowhere = index("other", "no/such/folder.html");
  CHECK(nowhere.status == 3);
  CHECK_THAT(nowhere.err, ContainsSubstring("the report is missing: ") && ContainsSubstring("verify --index"));
  CHECK(sciexam_run({"verify", "--index", folder / "other"}).status == 0);
}

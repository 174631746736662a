// An index from a corpus, contexts from the index, and a run that uses both.
#include "end_to_end/golden_package.hpp"
#include "end_to_end/program.hpp"
#include "exam/question.hpp"
#include "retrieval/contexts/retrieval_record.hpp"
#include "support/files/sha256.hpp"
#include "support/text/json.hpp"
#include "temporary_folder.hpp"

#include <algorithm>
#include <filesystem>
#include <sstream>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace sciexam;
using namespace sciexam::test;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::StartsWith;

namespace {

namespace fs = std::filesystem;

constexpr const char* kCorpus =
    R"({"id": "w", "title": "Water", "text": "Water is made of hydrogen and oxygen. Its formula is H2O."}
{"id": "s", "title": "Salt", "text": "Table salt is made of sodium and chlorine. Its formula is NaCl."}
{"id": "g", "title": "Gold", "text": "Gold is a yellow metal that does not rust."}
)";
constexpr const char* kQuestions =
    "note,id,prompt,A,B,C,D,E\n"
    "\"kept, as it was\",1,What is water made of?,gold and other metals,hydrogen and oxygen,sodium,iron,wood\n"
    ",2,What does not rust?,wood,iron,water,gold,salt\n";

/// A corpus, its index and some questions.
struct OpenBookPlace {
  TemporaryFolder folder;

  OpenBookPlace() {
    write_bytes(folder / "corpus.jsonl", kCorpus);
    write_bytes(folder / "test.csv", kQuestions);
    const ProgramResult built = index(folder / "index");
    INFO(built.err);
    REQUIRE(built.status == 0);
    REQUIRE_THAT(built.out, ContainsSubstring("3 passages of 3 articles"));
  }
  ProgramResult index(const fs::path& out) const {
    return sciexam_run({"index", "--corpus", folder / "corpus.jsonl", "--out", out, "--title", "three articles"});
  }
  ProgramResult retrieve(std::vector<std::string> options) const {
    options.insert(options.begin(), {"retrieve", "--index", folder / "index"});
    return sciexam_run(options);
  }
  /// The first of the golden models, as if trained so.
  void pack_open_book(const std::vector<std::string>& options = {}) const { pack("open_book", options); }
  void pack(const std::string& template_name, const std::vector<std::string>& options = {}) const {
    std::vector<std::string> command = {"pack",
                                        "--models",
                                        golden_ensemble().folder / "model_0",
                                        "--tokenizer",
                                        golden_ensemble().vocabulary,
                                        "--out",
                                        folder / "package",
                                        "--template",
                                        template_name};
    command.insert(command.end(), options.begin(), options.end());
    const ProgramResult packed = sciexam_run(command);
    INFO(packed.err);
    REQUIRE(packed.status == 0);
  }
  ProgramResult run(const std::vector<std::string>& options) const {
    std::vector<std::string> command = {"--package",         folder / "package", "--test",
                                        folder / "test.csv", "--output",         folder / "submission.csv"};
    command.insert(command.end(), options.begin(), options.end());
    return sciexam_run(command);
  }
};

} // namespace

TEST_CASE("a query shows what it finds, and why") {
  const OpenBookPlace place;
  const ProgramResult found = place.retrieve({"--query", "Is gold a metal?", "--explain", "--top", "1"});
  INFO(found.err);
  CHECK(found.status == 0);
  CHECK_THAT(found.out, ContainsSubstring("1. Gold  (g, score ") && ContainsSubstring("a yellow metal") &&
                            ContainsSubstring("metal ") && ContainsSubstring("in 1 passage, 1 times here"));
  CHECK_THAT(place.retrieve({"--query", "xylophone"}).out, ContainsSubstring("nothing found"));
  CHECK_THAT(place.retrieve({}).err, ContainsSubstring("give either --in FILE or --query TEXT"));
}

TEST_CASE("questions get the column context, and keep all others as they were") {
  const OpenBookPlace place;
  const ProgramResult found = place.retrieve({"--in", place.folder / "test.csv", "--out", place.folder / "out.csv"});
  INFO(found.err);
  CHECK(found.status == 0);
  std::istringstream text(read_bytes(place.folder / "out.csv"));
  std::string line;
  std::getline(text, line);
  CHECK(line == "note,id,prompt,A,B,C,D,E,context");
  std::getline(text, line);
  CHECK_THAT(line, ContainsSubstring("\"kept, as it was\",1,") && ContainsSubstring("Water is made of hydrogen"));
  const ProgramResult again = place.retrieve({"--in", place.folder / "out.csv", "--out", place.folder / "again.csv"});
  CHECK_THAT(again.err, ContainsSubstring("its column context is replaced"));
  CHECK(read_bytes(place.folder / "again.csv") == read_bytes(place.folder / "out.csv"));
}

TEST_CASE("questions get several contexts, and a record of how stands beside them") {
  const OpenBookPlace place;
  const fs::path out = place.folder / "out.csv";
  const ProgramResult found =
      place.retrieve({"--in", place.folder / "test.csv", "--out", out, "--contexts", "3", "--top", "1"});
  INFO(found.err);
  REQUIRE(found.status == 0);
  Exam exam = read_exam(out);
  REQUIRE(exam.questions.size() == 2);
  CHECK_THAT(exam.questions[0].context, ContainsSubstring("Water is made of"));
  REQUIRE(exam.questions[0].further_contexts.size() == 2);
  CHECK_THAT(exam.questions[0].further_contexts[1], !ContainsSubstring("Water is made of")); // the second in rank
  const std::string text = read_bytes(retrieval_record_of(out));
  const RetrievalRecord record = parse_retrieval_record(text, "record");
  CHECK(record.out.sha256 == sha256_of_file(out));
  CHECK(record.in == RecordedFile{"test.csv", sha256_of_file(place.folder / "test.csv")});
  const Json index = Json::parse(read_bytes(place.folder / "index/index.json"));
  CHECK(record.index_sha256 == index["manifest_sha256"]);
  CHECK(record.analyser == index["analyser"]);
  CHECK(record.settings.contexts == 3);
  // Into itself, with fewer contexts: those that are too many are gone.
  REQUIRE(place.retrieve({"--in", out, "--out", out, "--top", "1"}).status == 0);
  exam = read_exam(out);
  CHECK(exam.questions[0].further_contexts.empty());
  CHECK_THAT(read_bytes(out), StartsWith("note,id,prompt,A,B,C,D,E,context\n"));
  CHECK(parse_retrieval_record(read_bytes(retrieval_record_of(out)), "record").out.sha256 == sha256_of_file(out));
}

TEST_CASE("several contexts are refused for queries, which have no options") {
  const OpenBookPlace place;
  write_bytes(place.folder / "queries.jsonl", "{\"query\": \"sodium\"}\n");
  const ProgramResult lines = place.retrieve({"--in", place.folder / "queries.jsonl", "--contexts", "2"});
  CHECK(lines.status == 2);
  CHECK_THAT(lines.err, ContainsSubstring("--contexts is for questions with options"));
  CHECK_THAT(place.retrieve({"--query", "sodium", "--contexts", "2"}).err, ContainsSubstring("--contexts is for --in"));
}

TEST_CASE("queries in JSON lines give passages in JSON lines") {
  const OpenBookPlace place;
  write_bytes(place.folder / "queries.jsonl", "{\"query\": \"sodium\"}\n{\"query\": \"nothing of this\"}\n");
  const ProgramResult found = place.retrieve({"--in", place.folder / "queries.jsonl"});
  INFO(found.err);
  CHECK(found.status == 0);
  std::istringstream lines(found.out);
  std::string line;
  std::getline(lines, line);
  const Json first = Json::parse(line);
  CHECK(first["passages"][0]["id"] == "s");
  CHECK(first["passages"][0]["title"] == "Salt");
  CHECK(first["passages"][0]["score"] > 0);
  std::getline(lines, line);
  CHECK(Json::parse(line)["passages"].empty());
}

TEST_CASE("golden: an open-book run gets its contexts from the index, and its page shows them", "[golden]") {
  const OpenBookPlace place;
  place.pack_open_book();
  const ProgramResult run = place.run({"--index", place.folder / "index", "--report", place.folder / "report.html"});
  INFO(run.out << run.err);
  CHECK(run.status == 0);
  CHECK_THAT(run.err, ContainsSubstring("passage index: 3 passages of 3 articles, three articles") &&
                          ContainsSubstring("context: 2 questions have one from the index"));
  CHECK_THAT(read_bytes(place.folder / "report.html"), ContainsSubstring("Gold is a yellow metal"));
}

TEST_CASE("golden: a model reads several contexts of a question, from the index or the exam's columns", "[golden]") {
  const OpenBookPlace place;
  place.pack_open_book();
  const ProgramResult one = place.run({"--index", place.folder / "index", "--top", "1"});
  const ProgramResult run =
      place.run({"--index", place.folder / "index", "--top", "1", "--streams", "2", "--max-length", "40",
                 "--context-tokens", "12", "--report", place.folder / "report.html"});
  INFO(run.out << run.err);
  CHECK(one.status == 0);
  CHECK_THAT(one.err, ContainsSubstring("contexts: one a question (--streams)\n"));
  CHECK(run.status == 0);
  CHECK_THAT(run.err, ContainsSubstring("contexts: up to 2 a question (--streams), sequences of at most 40 tokens, a "
                                        "context of at most 12 tokens\n"));
  CHECK_THAT(run.out, ContainsSubstring("  run_0                             2/2 ") &&
                          ContainsSubstring("  run_0, context 2                  2/2 "));
  CHECK_THAT(read_bytes(place.folder / "report.html"),
             ContainsSubstring("run_0, context 2") && ContainsSubstring("Water (context 2)"));

  const fs::path labelled = place.folder / "labelled.csv", probabilities = place.folder / "p.csv";
  write_bytes(labelled, "id,prompt,A,B,C,D,E,answer,context,context_2\n"
                        "1,What?,a,b,c,d,e,A,salt is made of sodium,gold is a metal\n"
                        "2,Which?,a,b,c,d,e,B,gold is a metal,\n");
  const auto evaluate = [&](const std::string& streams) {
    const ProgramResult result = sciexam_run({"evaluate", "--package", place.folder / "package", "--test", labelled,
                                              "--probabilities", probabilities, "--streams", streams});
    INFO(result.out << result.err);
    CHECK(result.status == 0);
    return read_bytes(probabilities);
  };
  const std::string by_one = evaluate("1"), by_two = evaluate("2");
  const auto rows_of = [](const std::string& table, const std::string& id) {
    return table.substr(table.find("\n" + id + ","), 60);
  };
  CHECK(rows_of(by_one, "1") != rows_of(by_two, "1"));
  CHECK(rows_of(by_one, "2") == rows_of(by_two, "2")); // which has one context
}

TEST_CASE("golden: several contexts are refused for models that read none, before anything is written", "[golden]") {
  const OpenBookPlace place;
  place.pack("closed_book");
  for (const char* option : {"--streams", "--context-tokens"}) {
    const ProgramResult run = place.run({option, "2"});
    CHECK(run.status == 2);
    CHECK_THAT(run.err, ContainsSubstring(option) && ContainsSubstring("read no contexts"));
    CHECK_FALSE(fs::exists(place.folder / "submission.csv"));
  }
}

TEST_CASE("golden: an open-book run without an index says so and is degraded; so is one with a damaged index",
          "[golden]") {
  const OpenBookPlace place;
  place.pack_open_book();
  const ProgramResult without = place.run({});
  INFO(without.out << without.err);
  CHECK(without.status == 3);
  CHECK_THAT(without.err, ContainsSubstring("passage index: none found"));
  CHECK_THAT(without.out, ContainsSubstring("degraded: the models were trained with contexts and answer without"));

  CHECK_THAT(place.run({"--index", place.folder.path()}).err, ContainsSubstring("is not a passage index"));
  for (const fs::directory_entry& file : fs::directory_iterator(place.folder / "index")) {
    const std::string bytes = read_bytes(file.path());
    for (const std::size_t at : {std::size_t{9}, bytes.size() / 2, bytes.size() - 1}) {
      std::string damaged = bytes;
      damaged[at] = static_cast<char>(damaged[at] ^ 4);
      write_bytes(file.path(), damaged);
      const ProgramResult run = place.run({"--index", place.folder / "index"});
      INFO(file.path() << ", byte " << at << " of " << bytes.size() << "\n" << run.out << run.err);
      CHECK((run.status == 3 || run.status == 0));
      if (run.status == 3)
        CHECK_THAT(run.out, ContainsSubstring("degraded: ") && ContainsSubstring(file.path().filename().string()));
      const ProgramResult verified = sciexam_run({"verify", "--index", place.folder / "index"});
      CHECK(verified.status == 1);
      CHECK_THAT(verified.out + verified.err, ContainsSubstring(file.path().filename().string()));
    }
    write_bytes(file.path(), bytes);
  }
}

TEST_CASE("golden: the index's own ranking decides by its weight, and a run without an index misses it", "[golden]") {
  const OpenBookPlace place;
  place.pack_open_book();
  const fs::path probabilities = place.folder / "probabilities.csv", page = place.folder / "report.html";
  const ProgramResult run = place.run({"--index", place.folder / "index", "--retrieval-weight", "1", "--probabilities",
                                       probabilities, "--report", page});
  INFO(run.out << run.err);
  CHECK(run.status == 0);
  CHECK_THAT(run.out, ContainsSubstring("mean-softmax and the passage index with weight 1.00"));
  CHECK_THAT(read_bytes(probabilities), ContainsSubstring("1,passage index,0."));
  CHECK_THAT(read_bytes(page), ContainsSubstring("passage index with weight 1.00"));
  const std::string by_index = read_bytes(place.folder / "submission.csv");
  CHECK(by_index.starts_with("id,prediction\n1,B "));
  fs::resize_file(place.folder / "package/spm.model", 100); // the index alone
  CHECK(place.run({"--index", place.folder / "index"}).status == 1);
  CHECK(read_bytes(place.folder / "submission.csv") == by_index);
}

TEST_CASE("golden: a package may ask for the index's ranking, and without one the run is degraded", "[golden]") {
  const OpenBookPlace place;
  place.pack_open_book({"--retrieval-weight", "0.25"});
  const ProgramResult with = place.run({"--index", place.folder / "index"});
  INFO(with.out << with.err);
  CHECK(with.status == 0);
  CHECK_THAT(with.out, ContainsSubstring("the passage index with weight 0.25"));
  const ProgramResult without = place.run({});
  CHECK(without.status == 3);
  CHECK_THAT(without.out, ContainsSubstring("degraded: the models answer without the ranking of a passage index, "
                                            "which was to have weight 0.25"));
}

TEST_CASE("golden: without a usable package the index answers, and the run fails", "[golden]") {
  const OpenBookPlace place;
  place.pack_open_book();
  fs::resize_file(place.folder / "package/spm.model", 100);
  const ProgramResult run = place.run({"--index", place.folder / "index"});
  INFO(run.out << run.err);
  CHECK(run.status == 1);
  CHECK_THAT(run.err, ContainsSubstring("spm.model"));
  CHECK(read_bytes(place.folder / "submission.csv").starts_with("id,prediction\n1,B ")); // by length: A
}

TEST_CASE("doctor and verify know an index") {
  const OpenBookPlace place;
  const ProgramResult doctor = sciexam_run({"doctor", "--index", place.folder / "index"});
  CHECK_THAT(doctor.out, ContainsSubstring("index      3 passages in "));
  const ProgramResult verified = sciexam_run({"verify", "--index", place.folder / "index"});
  CHECK(verified.status == 0);
  CHECK_THAT(verified.out, ContainsSubstring("a whole passage index"));
}

TEST_CASE("an index is not built over another, nor from a corpus that is none") {
  const OpenBookPlace place;
  CHECK_THAT(place.index(place.folder / "index").err, ContainsSubstring("has an index already"));
  CHECK_THAT(sciexam_run({"index", "--corpus", place.folder / "none*.json", "--out", place.folder / "x"}).err,
             ContainsSubstring("none*.json"));
}

namespace {

/// Some megabytes of articles that compress badly.
void write_large_corpus(const fs::path& file) {
  std::string text;
  std::uint32_t state = 1;
  for (int article = 0; article < 4000; ++article) {
    text += R"({"id": ")" + std::to_string(article) + R"(", "title": "T)" + std::to_string(article) + R"(", "text": ")";
    for (int word = 0; word < 150; ++word) {
      state = state * 1664525 + 1013904223; // Numerical Recipes' generator
      text += "w" + std::to_string(state >> 12) + (word % 12 == 11 ? ". " : " ");
    }
    text += "\"}\n";
  }
  write_bytes(file, text);
}

std::string contents(const fs::path& folder) {
  std::vector<fs::path> files;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder))
    files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  std::string all;
  for (const fs::path& file : files)
    all += file.filename().string() + "\n" + (fs::is_regular_file(file) ? read_bytes(file) : "");
  return all;
}

} // namespace

TEST_CASE("an index that is killed while it is built, at any moment, is the same in the end") {
  const TemporaryFolder folder;
  write_large_corpus(folder / "corpus.jsonl");
  const auto index = [&](const std::string& out, const std::vector<std::string>& before) {
    std::vector<std::string> command = before;
    command.insert(command.end(), {program(), "index", "--corpus", folder / "corpus.jsonl", "--out", folder / out,
                                   "--memory", "1MB", "--threads", "2"});
    return run_command(command);
  };
  REQUIRE(index("whole", {}).status == 0);
  int kills = 0;
  for (double seconds = 0.05; kills < 100; seconds *= 1.4) {
    const ProgramResult run = index("killed", {"/usr/bin/timeout", "-s", "KILL", std::to_string(seconds)});
    INFO(run.out << run.err);
    if (run.status == 0)
      break;
    ++kills;
    CHECK(!fs::exists(folder / "killed/index.json"));
  }
  CHECK(kills >= 2);
  CHECK((contents(folder / "killed") == contents(folder / "whole")));
}

TEST_CASE("a disk that becomes full while an index is built is one clear error, and with room it goes on") {
  if (run_command({"unshare", "--mount", "true"}).status != 0)
    SKIP("mounting needs root");
  const TemporaryFolder folder;
  write_large_corpus(folder / "corpus.jsonl");
  fs::create_directory(folder / "disk");
  // Of ever more room: too little for the runs, for what is merged, then enough. Each time on what is there already.
  const std::string script =
      "mount -t tmpfs -o size=1m none \"$1\" || exit 99\n"
      "d=$1; shift\n"
      "for m in 1 3 6 9 12 40; do mount -o remount,size=${m}m \"$d\"; \"$@\"; echo \"status $?\"; done\n";
  const ProgramResult run =
      run_command({"unshare", "--mount", "/bin/sh", "-c", script, "sh", folder / "disk", program(), "index", "--corpus",
                   folder / "corpus.jsonl", "--out", folder / "disk/index", "--memory", "1MB", "--threads", "2"});
  INFO(run.out << run.err);
  REQUIRE(run.status != 99);
  CHECK_THAT(run.err, ContainsSubstring("No space left"));
  CHECK_THAT(run.out,
             ContainsSubstring("status 1") && ContainsSubstring("4000 articles") && ContainsSubstring("status 0"));
  CHECK(run.out.find("status 3") == std::string::npos);
}

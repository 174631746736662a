#include "answer/exam_retrieval.hpp"
#include "catch_beside_torch.hpp"
#include "retrieval/index/small_index.hpp"
#include "stalling_mount.hpp"
#include "support/errors.hpp"
#include "temporary_folder.hpp"

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <thread>

using namespace sciexam;
using namespace sciexam::test;

namespace {

/// An index of two short articles.
void write_index(const std::filesystem::path& folder) {
  SmallIndex index;
  Analyser analyser;
  for (const auto& [id, text] :
       {std::pair("w", "Water is made of hydrogen and oxygen."), {"s", "Salt is made of sodium and chlorine."}})
    index.add_article(id, id, text, {{0, std::string_view(text).size(), analyser.terms(text)}});
  index.write(folder, {.title = "two", .analyser = Analyser().record()});
}

const std::vector<Question> kQuestions = {
    {.id = "1", .prompt = "What is water made of?", .options = {"wood", "oxygen", "sodium", "", "x"}},
    {.id = "2", .prompt = "What is salt?", .options = {"a", "b", "sodium", "d", "e"}, .context = "its own"}};

} // namespace

TEST_CASE("an index gives contexts to questions without one, and ranks options by what they find") {
  const TemporaryFolder folder;
  write_index(folder.path());
  ExamRetrieval retrieval(folder.path().string(), {.passages = 1});
  REQUIRE(retrieval.found_index());
  CHECK(retrieval.open() == "2 passages of 2 articles, two, in " + folder.path().string() + " (given)");
  REQUIRE(retrieval.usable());
  retrieval.search(kQuestions, 1, 2, nullptr);
  CHECK(retrieval.rankings().at(0).front() == 1); // "oxygen" stands beside "water"
  CHECK(retrieval.rankings().at(0).back() == 3);  // no text
  CHECK(retrieval.rankings().at(1).front() == 2);
  std::vector<Question> questions = kQuestions;
  CHECK(retrieval.add_contexts(questions, 1) == 1);
  CHECK(questions[0].context == "Water is made of hydrogen and oxygen.");
  CHECK(questions[1].context == "its own");
  CHECK(retrieval.degradations().empty());
}

TEST_CASE("further contexts come from the index too, and a question's own stand first") {
  const TemporaryFolder folder;
  write_index(folder.path());
  ExamRetrieval retrieval(folder.path().string(), {.passages = 1});
  retrieval.open();
  retrieval.search(kQuestions, 2, 2, nullptr);
  std::vector<Question> questions = kQuestions;
  questions[0].context = "first";
  questions[0].further_contexts = {"second"};
  CHECK(retrieval.add_contexts(questions, 2) == 1);
  CHECK(questions[0].context == "first");
  CHECK(questions[0].further_contexts == std::vector<std::string>{"second"});
  CHECK(questions[1].context == "its own");
  CHECK(questions[1].further_contexts == std::vector<std::string>{"Salt is made of sodium and chlorine."});
}

TEST_CASE("questions that are not reached in time are ranked by length, and counted") {
  const TemporaryFolder folder;
  write_index(folder.path());
  ExamRetrieval retrieval(folder.path().string(), {});
  retrieval.open();
  retrieval.search(kQuestions, 1, 1, [] { return true; });
  CHECK((retrieval.rankings().at(0) == rank_by_length(kQuestions[0])));
  std::vector<Question> questions = kQuestions;
  CHECK(retrieval.add_contexts(questions, 1) == 0);
  CHECK((retrieval.degradations() == std::vector<std::string>{"there was no time to search passages for 2 questions"}));
}

TEST_CASE("a question without a known term finds nothing, is ranked by length, and is no fault") {
  const TemporaryFolder folder;
  write_index(folder.path());
  ExamRetrieval retrieval(folder.path().string(), {});
  retrieval.open();
  std::vector<Question> questions = {
      {.id = "1", .prompt = "xylophone?", .options = {"a", "zzz zzz", "", "12345", "qq"}}, {.id = "2"}};
  retrieval.search(questions, 1, 1, nullptr);
  CHECK(retrieval.found().at(0).passages.empty());
  CHECK((retrieval.rankings().at(0) == rank_by_length(questions[0])));
  CHECK((retrieval.rankings().at(1) == rank_by_length(questions[1])));
  CHECK(retrieval.add_contexts(questions, 1) == 0);
  CHECK(retrieval.degradations().empty());
}

TEST_CASE("a named folder without an index is refused, an index that is damaged is left aside") {
  const TemporaryFolder folder;
  CHECK_THROWS_AS(ExamRetrieval(folder.path().string(), {}), UsageError);
  write_index(folder.path());
  std::filesystem::resize_file(folder / "terms.bin", 20);
  ExamRetrieval retrieval(folder.path().string(), {});
  CHECK(retrieval.open().ends_with("which cannot be used"));
  CHECK(!retrieval.usable());
  REQUIRE(retrieval.degradations().size() == 1);
  CHECK(retrieval.degradations().front().find("terms.bin") != std::string::npos);
}

namespace {

/// Articles that compress badly, so that most of their bytes are not read before they are searched.
void write_large_index(const std::filesystem::path& folder) {
  SmallIndex index;
  Analyser analyser;
  std::mt19937 random(1);
  for (int article = 0; article < 300; ++article) {
    std::string text = "What water is made of.";
    for (int word = 0; word < 400; ++word)
      text += " w" + std::to_string(random());
    index.add_article("a" + std::to_string(article), "", text, {{0, text.size(), analyser.terms(text)}});
  }
  index.write(folder, {.analyser = Analyser().record()});
}

/// An index on a mount whose reads do not end while `stalls` says so.
struct StalledIndex {
  TemporaryFolder index, place;
  std::shared_ptr<std::atomic<bool>> stalls = std::make_shared<std::atomic<bool>>(false);
  std::unique_ptr<StallingMount> mount;

  explicit StalledIndex(void (*write)(const std::filesystem::path&)) {
    write(index.path());
    mount = StallingMount::at(place.path(), index.path(), [stalls = stalls](const std::string&) {
      return *stalls ? ReadFate::stalled : ReadFate::answered;
    });
    if (!mount)
      SKIP("no file system can be mounted here");
  }
  /// True from half a second on.
  static std::function<bool()> soon() {
    const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(500);
    return [end] { return std::chrono::steady_clock::now() >= end; };
  }
};

} // namespace

TEST_CASE("an index whose mount has stalled is not found, or not opened, and the run is told") {
  const StalledIndex stalled(write_index);
  ExamRetrieval retrieval(stalled.place.path().string(), {}); // reads index.json
  REQUIRE(retrieval.found_index());
  *stalled.stalls = true;
  CHECK(retrieval.open(StalledIndex::soon()).ends_with("which was not read in time"));
  CHECK(stalled.mount->stalled() > 0);
  CHECK(!retrieval.usable());
  CHECK((retrieval.degradations() ==
         std::vector<std::string>{"the passage index is not used: reading it took too long"}));
  stalled.mount->release(); // what was left behind ends, and changes nothing
  CHECK(!retrieval.usable());

  const StalledIndex other(write_index);
  *other.stalls = true;
  const ExamRetrieval none(other.place.path().string(), {}, 0.3);
  CHECK(!none.found_index());
  CHECK((none.degradations() == std::vector<std::string>{"no passage index is used: looking for one took too long"}));
}

TEST_CASE("a search whose reads stall ends when it must; threads that are left behind change nothing") {
  const StalledIndex stalled(write_large_index);
  std::optional<ExamRetrieval> retrieval(std::in_place, stalled.place.path().string(), RetrievalSettings{});
  retrieval->open();
  REQUIRE(retrieval->usable());
  *stalled.stalls = true;
  const auto begin = std::chrono::steady_clock::now();
  retrieval->search(kQuestions, 1, 2, StalledIndex::soon());
  CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(20));
  CHECK(stalled.mount->stalled() > 0);
  const auto check = [&] {
    REQUIRE(retrieval->found().size() == 2);
    CHECK((retrieval->found()[0].passages.empty() && retrieval->found()[1].passages.empty()));
    CHECK((retrieval->rankings().at(0) == rank_by_length(kQuestions[0])));
    CHECK((retrieval->degradations() ==
           std::vector<std::string>{"there was no time to search passages for 2 questions"}));
  };
  check();
  stalled.mount->release();
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  check();
  retrieval.reset(); // they own what they use
}

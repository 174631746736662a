#include "exam/submission.hpp"
#include "exam/texts.hpp"
#include "golden/golden.hpp"
#include "support/files/files.hpp"
#include "temporary_folder.hpp"

#include <algorithm>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace sciexam;
using namespace sciexam::test;
using Catch::Matchers::ContainsSubstring;

namespace {

std::vector<Question> questions_called(const std::vector<std::string>& ids) {
  std::vector<Question> questions(ids.size());
  for (std::size_t i = 0; i < ids.size(); ++i)
    questions[i].id = ids[i];
  return questions;
}

std::string submission_fault(const std::string& text) {
  const TemporaryFolder folder;
  write_file_atomically(folder / "s.csv", text);
  return input_fault([&] { read_submission(folder / "s.csv", questions_called({"7", "8"})); });
}

} // namespace

TEST_CASE("a prediction is the letters of the three best options") {
  CHECK(format_prediction({1, 0, 3, 2, 4}) == "B A D");
  CHECK(format_prediction({4, 3, 2, 1, 0}) == "E D C");
}

TEST_CASE("a submission has a row for each question in their order, ended by LF") {
  const TemporaryFolder folder;
  const std::vector<Ranking> rankings = {{1, 0, 3, 2, 4}, {0, 1, 2, 3, 4}};
  write_submission(folder / "submission.csv", questions_called({"9", "10"}), rankings);
  CHECK(read_text_file(folder / "submission.csv") == "id,prediction\n9,B A D\n10,A B C\n");
}

TEST_CASE("ids are copied byte for byte and quoted only where CSV needs it") {
  const TemporaryFolder folder;
  const std::vector<std::string> ids = {" 007 ", "a,b", "say \"hi\"", "x\r\ny", "\xC3\xA9;'"};
  const std::vector<Question> questions = questions_called(ids);
  write_submission(folder / "submission.csv", questions, std::vector<Ranking>(ids.size(), {0, 1, 2, 3, 4}));
  const std::string text = read_text_file(folder / "submission.csv");
  CHECK(text == "id,prediction\n 007 ,A B C\n\"a,b\",A B C\n\"say \"\"hi\"\"\",A B C\n\"x\r\ny\",A B C\n"
                "\xC3\xA9;',A B C\n");
  const Rows rows = rows_of(text);
  REQUIRE(rows.size() == ids.size() + 1);
  for (std::size_t i = 0; i < ids.size(); ++i)
    CHECK(rows[i + 1][0] == ids[i]);
}

TEST_CASE("a submission that cannot be made leaves no file behind") {
  const TemporaryFolder folder;
  CHECK_THROWS_AS(write_submission(folder / "s.csv", questions_called({"1"}), {}), InternalError);
  CHECK_THROWS_AS(write_submission(folder / "none" / "s.csv", {}, {}), WorkError);
  CHECK(std::filesystem::is_empty(folder.path()));
}

TEST_CASE("a submission is read back in the questions' order") {
  const TemporaryFolder folder;
  write_file_atomically(folder / "s.csv", "id,prediction\r\n8,E D A\r\n7,B A D\r\n");
  const std::vector<Ranking> rankings = read_submission(folder / "s.csv", questions_called({"7", "8"}));
  CHECK(rankings == std::vector<Ranking>{{1, 0, 3, 2, 4}, {4, 3, 0, 1, 2}});
}

TEST_CASE("a submission that does not fit its questions is refused") {
  CHECK_THAT(submission_fault("id,prediction\n7,A B C\n"), ContainsSubstring("has no row for the question \"8\""));
  CHECK_THAT(submission_fault("id,prediction\n9,A B C\n"),
             ContainsSubstring("row 2, column id: no question has the id \"9\""));
  CHECK_THAT(submission_fault("id,prediction\n7,A B C\n7,A B C\n"),
             ContainsSubstring("row 3, column id: an earlier row has the id \"7\" too"));
  CHECK_THAT(submission_fault("id,answer\n7,A B C\n"),
             ContainsSubstring("row 1: the header must name prediction once"));
}

TEST_CASE("a prediction that is not three different letters is refused") {
  for (const std::string prediction : {"A B", "A B A", "A B F", "ABC", "A B C D", "A,B,C", "a b c", "A  BC", ""}) {
    CAPTURE(prediction);
    CHECK_THAT(submission_fault("id,prediction\n7," + csv_cell(prediction) + "\n"),
               ContainsSubstring("row 2, column prediction: is \"" + prediction + "\""));
  }
}

TEST_CASE("golden submissions are read and written byte for byte", "[golden]") {
  std::size_t seen = 0;
  for (const auto& folder : golden::folders_with("submission_vote.csv"))
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
      if (!entry.path().filename().string().starts_with("submission_"))
        continue;
      ++seen;
      const std::string text = read_text_file(entry.path());
      std::vector<std::string> ids;
      for (const auto& row : rows_of(text))
        ids.push_back(row[0]);
      ids.erase(ids.begin());
      const std::vector<Question> questions = questions_called(ids);
      const TemporaryFolder out;
      write_submission(out / "submission.csv", questions, read_submission(entry.path(), questions));
      INFO(entry.path());
      CHECK((read_text_file(out / "submission.csv") == text));
    }
  CHECK(seen >= 4);
}

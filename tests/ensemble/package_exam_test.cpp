// Several contexts of a question become several readings.
#include "catch_beside_torch.hpp"
#include "ensemble/package_exam.hpp"

#include <string>
#include <vector>

using namespace sciexam;

namespace {

Tokenizer demo_tokenizer() {
  return Tokenizer::from_file(std::string(SCIEXAM_SOURCE_DIR) + "/src/demo/package/spm.model");
}

const std::vector<Question> kQuestions = {
    {.id = "a",
     .prompt = "p",
     .options = {"1", "2", "3", "4", "5"},
     .context = "one",
     .further_contexts = {"two words"}},
    {.id = "b", .prompt = "p", .options = {"1", "2", "3", "4", "5"}},
    {.id = "c", .prompt = "p", .options = {"1", "2", "3", "4", "5"}, .context = "three"}};

PackageExam encoded(Template kind, std::size_t streams) {
  PackageExam exam(kQuestions, demo_tokenizer(), {{.kind = kind}, streams});
  exam.encode(2);
  return exam;
}

} // namespace

TEST_CASE("each context of a question is a reading; those that a question does not have are empty") {
  const PackageExam exam = encoded(Template::open_book, 5);
  CHECK(exam.questions() == 3);
  CHECK(exam.streams() == 2); // no question has more
  REQUIRE(exam.encoded().size() == 6);
  const auto alone = [](const Question& question) {
    return encode_question(demo_tokenizer(), question, {.kind = Template::open_book});
  };
  for (std::size_t q = 0; q < 3; ++q)
    CHECK(exam.encoded()[q] == alone(kQuestions[q]));
  Question second = kQuestions[0];
  second.context = "two words";
  CHECK(exam.encoded()[3] == alone(second));
  CHECK(exam.lengths()[3][0] == static_cast<std::int32_t>(exam.encoded()[3][0].ids.size()));
  for (const std::size_t absent : {4, 5}) {
    CHECK(exam.encoded()[absent][0].ids.empty());
    CHECK(exam.lengths()[absent] == QuestionLengths{});
  }
  CHECK(exam.name_of(0) == "question a");
  CHECK(exam.name_of(3) == "question a with context 2");
  CHECK(exam.tokens_of(std::vector<std::size_t>{4, 5}) == 0);
}

TEST_CASE("one context is read where only one is asked for, and none by closed-book models") {
  CHECK(encoded(Template::open_book, 1).readings().size() == 3);
  CHECK(encoded(Template::closed_book, 2).readings().size() == 3);
}

#include "catch_beside_torch.hpp"
#include "inference/encoding.hpp"
#include "package/package.hpp"

using namespace sciexam;

namespace {

const Tokenizer& small_tokenizer() {
  static const Tokenizer tokenizer = Tokenizer::from_bytes(
      Package::open(std::filesystem::path(SCIEXAM_SOURCE_DIR) / "tests/small_package").vocabulary(), "spm.model");
  return tokenizer;
}

std::string repeated(const std::string& text, std::size_t count) {
  std::string all;
  for (std::size_t i = 0; i < count; ++i)
    all += text;
  return all;
}

Question question_with(const std::string& prompt, const std::string& context = {}) {
  return {.id = "q", .prompt = prompt, .options = {"helium", "neon", "argon", "xenon", "radon"}, .context = context};
}

constexpr TemplateOptions kClosedBook{Template::closed_book, 0}, kOpenBook{Template::open_book, 0};

} // namespace

TEST_CASE("questions within the bounds are encoded as in training") {
  const std::vector<Question> questions = {question_with("Which gas is lightest?"),
                                           question_with(repeated("the gas ", 1000)), question_with("")};
  for (const TemplateOptions& options : {kClosedBook, kOpenBook, TemplateOptions{Template::closed_book, 40}}) {
    const EncodedExam exam = encode_exam(small_tokenizer(), questions, options, 2);
    CHECK((exam.questions == encode_questions(small_tokenizer(), questions, options, 2)));
    CHECK(exam.cut.empty());
  }
}

TEST_CASE("whatever a text is, its sequences stay within the bound, and the question is named") {
  const std::vector<Question> questions = {
      question_with(repeated("word ", 100'000)),
      question_with("A short one"),
      question_with(repeated("e\u200D", 50'000)),
      question_with(std::string(100'000, 'w')),
      question_with("Which?", repeated("A megabyte of context, say. ", 40'000)),
  };
  const EncodedExam exam = encode_exam(small_tokenizer(), questions, kOpenBook, 2);
  for (const EncodedQuestion& question : exam.questions) {
    CHECK(longest_sequence(question) <= kLongestSequence);
    for (const Encoding& encoding : question)
      CHECK(encoding.ids.size() > 5);
  }
  CHECK(exam.cut == std::vector<std::size_t>{0, 2, 3, 4});
}

TEST_CASE("a text of few tokens is named only if the bound on its bytes cut some of it") {
  const std::vector<Question> questions = {question_with("a" + std::string(kLongestText - 1, ' ')),
                                           question_with("a" + std::string(kLongestText, ' '))};
  const EncodedExam exam = encode_exam(small_tokenizer(), questions, kClosedBook, 1);
  CHECK(exam.cut == std::vector<std::size_t>{1});
  CHECK(longest_sequence(exam.questions[1]) < 20);
}

TEST_CASE("a text is cut between two characters") {
  const EncodedExam exam =
      encode_exam(small_tokenizer(), std::vector<Question>{question_with("a" + repeated("\u00e9", kLongestText))},
                  kClosedBook, 1); // the tokenizer refuses what is not UTF-8
  CHECK(exam.cut == std::vector<std::size_t>{0});
}

TEST_CASE("a package's own max_length cuts without a name, as it does in training") {
  const EncodedExam exam =
      encode_exam(small_tokenizer(), std::vector<Question>{question_with(repeated("word ", 100'000))},
                  {Template::closed_book, 64}, 1);
  CHECK(exam.cut.empty());
  CHECK(longest_sequence(exam.questions[0]) == 64);
}

TEST_CASE("encoding ends once it is told to stop") {
  const std::vector<Question> questions(100, question_with("Which gas?"));
  int asked = 0;
  const EncodedExam exam = encode_exam(small_tokenizer(), questions, kClosedBook, 1, [&] { return ++asked == 4; });
  CHECK(asked == 4);
  CHECK(token_count(exam.questions[2]) > 0);
  CHECK(token_count(exam.questions[3]) == 0);
  CHECK(token_count(exam.questions[99]) == 0);
}

TEST_CASE("a shortened question has the tokens of its whole text's beginning") {
  const Question question = question_with(repeated("word ", 300));
  TemplateOptions options{Template::closed_book, 50};
  CHECK(encode_shortened(small_tokenizer(), question, kClosedBook, 50) ==
        encode_question(small_tokenizer(), question, options));
}

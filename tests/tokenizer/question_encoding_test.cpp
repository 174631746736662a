#include "tokenizer/question_encoding.hpp"
#include "tokenizer/small_model.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_exception.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace sciexam;

namespace {

using Ids = std::vector<std::int32_t>;

// ids: [CLS] 1, [SEP] 2, then the words below from 4
const Tokenizer& shared_tokenizer() {
  static const Tokenizer shared = Tokenizer::from_bytes(small_model({{"\u2581prompt", -1},
                                                                     {"\u2581context", -1},
                                                                     {"\u2581####", -1},
                                                                     {"\u2581a", -1},
                                                                     {"\u2581b", -1},
                                                                     {"\u2581c", -1},
                                                                     {"\u2581d", -1},
                                                                     {"\u2581e", -1}})
                                                            .SerializeAsString(),
                                                        "spm.model");
  return shared;
}

Question question() {
  return {.id = "7",
          .prompt = "prompt prompt",
          .options = {"a", "b", "", "d d d", "e"},
          .context = "context context context",
          .answer = {}};
}

} // namespace

TEST_CASE("closed book is prompt and option, without the context") {
  const auto encodings = encode_question(shared_tokenizer(), question(), {.kind = Template::closed_book});
  CHECK(encodings[0] == Encoding{{1, 4, 4, 2, 7, 2}, {0, 0, 0, 0, 1, 1}});
  CHECK(encodings[2].ids == Ids{1, 4, 4, 2, 2});
  CHECK(encodings[3].ids == Ids{1, 4, 4, 2, 10, 10, 10, 2});
}

TEST_CASE("closed book shortens the longer text first") {
  const auto encodings = encode_question(shared_tokenizer(), question(), {Template::closed_book, 6});
  CHECK(encodings[0].ids == Ids{1, 4, 4, 2, 7, 2});
  CHECK(encodings[3].ids == Ids{1, 4, 2, 10, 10, 2});
}

TEST_CASE("open book is context, prompt and option") {
  const auto encodings = encode_question(shared_tokenizer(), question(), {.kind = Template::open_book});
  CHECK(encodings[1] == Encoding{{1, 5, 5, 5, 6, 4, 4, 2, 8, 2}, {0, 0, 0, 0, 1, 1, 1, 1, 1, 1}});
  CHECK(encodings[2].ids == Ids{1, 5, 5, 5, 6, 4, 4, 2, 2});
}

TEST_CASE("open book shortens the context alone and keeps [CLS]") {
  const auto encodings = encode_question(shared_tokenizer(), question(), {Template::open_book, 9});
  CHECK(encodings[1].ids == Ids{1, 5, 5, 6, 4, 4, 2, 8, 2});
  CHECK(encodings[3].ids == Ids{1, 6, 4, 4, 2, 10, 10, 10, 2});
}

TEST_CASE("a context has at most context_tokens, whatever max_length leaves") {
  const auto ids = [](const TemplateOptions& options) {
    return encode_question(shared_tokenizer(), question(), options)[1].ids;
  };
  CHECK(ids({Template::open_book, 0, 2}) == Ids{1, 5, 5, 6, 4, 4, 2, 8, 2});
  CHECK(ids({Template::open_book, 0, 3}) == Ids{1, 5, 5, 5, 6, 4, 4, 2, 8, 2});
  CHECK(ids({Template::open_book, 100, 2}) == Ids{1, 5, 5, 6, 4, 4, 2, 8, 2});
  CHECK(ids({Template::open_book, 8, 2}) == Ids{1, 5, 6, 4, 4, 2, 8, 2});
  CHECK(ids({Template::open_book, 9, 3}) == Ids{1, 5, 5, 6, 4, 4, 2, 8, 2});
  CHECK(encode_question(shared_tokenizer(), question(), {Template::open_book, 0, 1})[3].ids ==
        Ids{1, 5, 6, 4, 4, 2, 10, 10, 10, 2});
}

TEST_CASE("open book drops the context, and cuts like closed book, where prompt and option fill the room") {
  bool cut = false;
  const auto encodings = encode_question(shared_tokenizer(), question(), {Template::open_book, 8}, &cut);
  CHECK(cut);
  CHECK(encodings[1].ids == Ids{1, 5, 6, 4, 4, 2, 8, 2}); // there is room for some context still
  CHECK(encodings[3] == Encoding{{1, 6, 4, 2, 10, 10, 10, 2}, {0, 1, 1, 1, 1, 1, 1, 1}});
  // The longer text gives first, then both alike.
  CHECK(encode_question(shared_tokenizer(), question(), {Template::open_book, 7})[3].ids == Ids{1, 6, 4, 2, 10, 10, 2});
  CHECK(encode_question(shared_tokenizer(), question(), {Template::open_book, 6})[1].ids == Ids{1, 6, 4, 2, 8, 2});
  CHECK(encode_question(shared_tokenizer(), question(), {Template::open_book, 3})[1].ids == Ids{1, 2, 2});
}

TEST_CASE("a question whose context alone was shortened is not one that was cut") {
  bool cut = true;
  encode_question(shared_tokenizer(), question(), {Template::open_book, 9}, &cut);
  CHECK_FALSE(cut);
  cut = true;
  encode_question(shared_tokenizer(), question(), {Template::closed_book, 6}, &cut);
  CHECK_FALSE(cut);
}

TEST_CASE("a question is named where max_length has no room for the special tokens") {
  for (const Template kind : {Template::closed_book, Template::open_book})
    CHECK_THROWS_MATCHES(encode_question(shared_tokenizer(), question(), {kind, 2}), TruncationError,
                         Catch::Matchers::MessageMatches(Catch::Matchers::ContainsSubstring("question 7, option A")));
}

TEST_CASE("templates have names") {
  for (const Template kind : {Template::closed_book, Template::open_book})
    CHECK(template_of_name(name_of(kind)) == kind);
  CHECK(name_of(Template::open_book) == "open_book");
  CHECK_FALSE(template_of_name("Closed_Book"));
}

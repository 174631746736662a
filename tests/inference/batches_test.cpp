#include "catch_beside_torch.hpp"
#include "inference/batches.hpp"

#include <algorithm>

using namespace sciexam;

namespace {

EncodedQuestion question_of(int length) {
  EncodedQuestion question;
  for (Encoding& encoding : question) {
    for (int i = 0; i < length; ++i)
      encoding.ids.push_back(100 * length + i);
    encoding.type_ids.assign(encoding.ids.size(), 1);
  }
  return question;
}

} // namespace

TEST_CASE("every question is in exactly one batch, longest first, within the budget") {
  std::vector<EncodedQuestion> questions;
  for (int i = 0; i < 57; ++i)
    questions.push_back(question_of(1 + i * 31 % 40));
  const auto batches = plan_batches(questions, 300);
  std::vector<std::size_t> seen;
  std::int64_t before = 1 << 20;
  for (const QuestionBatch& batch : batches) {
    std::int64_t tokens = 0;
    for (const std::size_t index : batch) {
      CHECK(token_count(questions[index]) <= before);
      before = token_count(questions[index]);
      tokens += before;
      seen.push_back(index);
    }
    CHECK(tokens <= 300);
  }
  std::sort(seen.begin(), seen.end());
  CHECK(seen.size() == questions.size());
  CHECK(std::unique(seen.begin(), seen.end()) == seen.end());
}

TEST_CASE("a question longer than the budget makes a batch of its own") {
  const std::vector<EncodedQuestion> questions = {question_of(2), question_of(50), question_of(3)};
  CHECK(plan_batches(questions, 100) == std::vector<QuestionBatch>{{1}, {2, 0}});
}

TEST_CASE("sequences are packed end to end in option order") {
  const std::vector<EncodedQuestion> questions = {question_of(2), question_of(3)};
  const PackedSequences packed = pack_sequences(questions, {1, 0});
  CHECK(packed.offsets == std::vector<std::int64_t>{0, 3, 6, 9, 12, 15, 17, 19, 21, 23, 25});
  CHECK(packed.input_ids[0].item<std::int64_t>() == 300);
  CHECK(packed.input_ids[16].item<std::int64_t>() == 201);
  CHECK(packed.token_type_ids.sum().item<std::int64_t>() == 25);
}

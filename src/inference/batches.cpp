#include "inference/batches.hpp"

#include "inference/token_batches.hpp"

#include <algorithm>
#include <numeric>

#include <ATen/ops/empty.h>

namespace sciexam::inline inference {

std::vector<QuestionBatch> plan_batches(std::span<const EncodedQuestion> questions, std::int64_t token_budget) {
  std::vector<std::int64_t> tokens;
  for (const EncodedQuestion& question : questions)
    tokens.push_back(token_count(question));
  std::vector<std::size_t> order(questions.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return tokens[a] > tokens[b]; });
  return split_by_tokens(order, token_budget, [&](std::size_t question) { return tokens[question]; });
}

PackedSequences pack_sequences(std::span<const EncodedQuestion> questions, const QuestionBatch& batch) {
  std::int64_t tokens = 0;
  for (const std::size_t index : batch)
    tokens += token_count(questions[index]);
  PackedSequences packed;
  packed.input_ids = at::empty({tokens}, at::TensorOptions(at::kLong));
  packed.token_type_ids = at::empty({tokens}, at::TensorOptions(at::kLong));
  auto* ids = packed.input_ids.mutable_data_ptr<std::int64_t>();
  auto* types = packed.token_type_ids.mutable_data_ptr<std::int64_t>();
  for (const std::size_t index : batch)
    for (const Encoding& encoding : questions[index]) {
      ids = std::copy(encoding.ids.begin(), encoding.ids.end(), ids);
      types = std::copy(encoding.type_ids.begin(), encoding.type_ids.end(), types);
      packed.offsets.push_back(packed.offsets.back() + static_cast<std::int64_t>(encoding.ids.size()));
    }
  return packed;
}

} // namespace sciexam::inline inference

#include "inference/answering.hpp"

#include "inference/token_batches.hpp"
#include "support/messages/progress.hpp"

#include <algorithm>

#include <ATen/core/grad_mode.h>

namespace sciexam::inline inference {

std::optional<std::vector<OptionLogits>> answer_batch(AnsweringNetwork& network,
                                                      std::span<const EncodedQuestion> questions,
                                                      const QuestionBatch& batch, const StopRequest& stop) {
  const at::NoGradGuard no_grad;
  const std::optional<NetworkOutput> output = network.forward(pack_sequences(questions, batch), {.stop = stop});
  if (!output)
    return std::nullopt;
  const at::Tensor on_cpu = output->logits.cpu().contiguous();
  std::vector<OptionLogits> logits(batch.size());
  for (std::size_t i = 0; i < batch.size(); ++i)
    std::copy_n(on_cpu.const_data_ptr<float>() + i * kOptions, kOptions, logits[i].begin());
  return logits;
}

std::vector<OptionLogits> answer_all(AnsweringNetwork& network, std::span<const EncodedQuestion> questions,
                                     const std::string& label) {
  std::uint64_t tokens = 0;
  for (const EncodedQuestion& question : questions)
    tokens += static_cast<std::uint64_t>(token_count(question));

  std::vector<OptionLogits> logits(questions.size());
  Progress progress(label, tokens, "tokens");
  for (const QuestionBatch& batch : plan_batches(questions, kTokenBudget)) {
    const std::vector<OptionLogits> of_batch = answer_batch(network, questions, batch).value();
    for (std::size_t i = 0; i < batch.size(); ++i) {
      logits[batch[i]] = of_batch[i];
      progress.advance(static_cast<std::uint64_t>(token_count(questions[batch[i]])));
    }
  }
  progress.finish();
  return logits;
}

} // namespace sciexam::inline inference

#include "train/engine/gradient_pass.hpp"

#include "inference/token_batches.hpp"
#include "train/inputs/batch_order.hpp"
#include "train/inputs/context_draw.hpp"

#include <numeric>

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/log_softmax.h>
#include <ATen/ops/max.h>
#include <ATen/ops/min.h>
#include <ATen/ops/tensor.h>

namespace sciexam::inline train {
namespace {

/// The batch's questions, each with the context that the epoch draws.
PackedSequences pack_drawn(const ContextDraw& draw, const QuestionBatch& batch, std::int64_t epoch) {
  std::vector<EncodedQuestion> drawn;
  drawn.reserve(batch.size());
  for (const std::size_t question : batch)
    drawn.push_back(draw.encoded(question, epoch));
  QuestionBatch all(batch.size());
  std::iota(all.begin(), all.end(), std::size_t{0});
  return pack_sequences(drawn, all);
}

} // namespace

at::Tensor summed_cross_entropy(const at::Tensor& logits, std::span<const int> answers, double smoothing) {
  const auto questions = static_cast<std::int64_t>(answers.size());
  const at::Tensor log_p = at::log_softmax(logits.view({questions, kOptions}), -1);
  const std::vector<std::int64_t> indices(answers.begin(), answers.end());
  const at::Tensor index = at::tensor(indices, at::TensorOptions(at::kLong)).to(logits.device()).view({-1, 1});
  const at::Tensor loss = -log_p.gather(1, index).sum();
  return smoothing > 0 ? loss * (1 - smoothing) - log_p.sum() * (smoothing / kOptions) : loss;
}

BatchLoss accumulate_gradients(const DebertaForMultipleChoice& network, const TrainingSettings& settings,
                               const TrainingSet& set, const QuestionBatch& batch, std::uint32_t step,
                               std::uint32_t pass, RowGradients& rows) {
  const at::AutoGradMode with_gradient(true);
  BatchLoss result;
  const bool rows_apart = !settings.freeze_embeddings && network.parameters().front().second.is_cpu();
  const ContextDraw draw(set, settings);
  const std::int64_t epoch = step / steps_per_epoch(set.size(), static_cast<std::size_t>(settings.batch_size));
  const auto tokens_of = [&](std::size_t question) { return draw.tokens(question, epoch); };
  for (const QuestionBatch& part : split_by_tokens(batch, settings.token_budget, tokens_of)) {
    const PackedSequences packed = pack_drawn(draw, part, epoch);
    std::vector<int> answers;
    for (const std::size_t index : part)
      answers.push_back(*set.questions[index].answer);
    const Dropout dropout(static_cast<std::uint64_t>(settings.seed), step, pass++);
    ForwardOptions options;
    options.dropout = &dropout;
    options.checkpoint_layers = settings.gradient_checkpointing;
    options.frozen_layers = settings.freeze_layers;
    options.bf16 = settings.bf16;
    options.word_rows_apart = rows_apart;
    const ReferenceOutput output = network.forward(packed, options);
    const at::Tensor loss = summed_cross_entropy(output.logits, answers, settings.label_smoothing_factor) /
                            static_cast<double>(batch.size());
    result.loss += loss.item<double>();
    result.tokens += packed.offsets.back();
    loss.backward();
    if (rows_apart && output.word_rows.grad().defined())
      rows.add(packed.input_ids, output.word_rows.grad());
  }
  return result;
}

WeightPerturbation::WeightPerturbation(const AdamW& optimizer, const TrainingSettings& settings) {
  const at::NoGradGuard no_grad;
  for (const TrainedParameter& parameter : optimizer.parameters()) {
    const at::Tensor &weight = parameter.tensor, gradient = weight.grad();
    if (!is_perturbed(parameter) || !gradient.defined())
      continue;
    const double gradient_norm = gradient.norm().item<double>(), weight_norm = weight.norm().item<double>();
    if (gradient_norm == 0)
      continue;
    original_.emplace_back(weight, weight.clone());
    const at::Tensor reach = original_.back().second.abs() * settings.awp_eps;
    const at::Tensor moved = weight + gradient * (settings.awp_lr * weight_norm / gradient_norm);
    weight.copy_(at::min(at::max(moved, original_.back().second - reach), original_.back().second + reach));
  }
}

WeightPerturbation::~WeightPerturbation() {
  const at::NoGradGuard no_grad;
  for (const auto& [weight, values] : original_)
    weight.copy_(values);
}

} // namespace sciexam::inline train

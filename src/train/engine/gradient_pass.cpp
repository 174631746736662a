#include "train/engine/gradient_pass.hpp"

#include "inference/token_batches.hpp"
#include "train/engine/option_loss.hpp"
#include "train/inputs/batch_order.hpp"
#include "train/inputs/context_draw.hpp"

#include <algorithm>
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

/// One forward pass of a batch.
struct Pass {
  const TrainingSettings& settings;
  const TrainingSet& set;
  const ContextDraw& draw;
  std::int64_t epoch;
  const QuestionBatch& questions;
  double batch_size; ///< questions of the whole batch
};

/// The pass's part of the batch's mean loss, whose gradient it sends back. By LibTorch's operators, whose rounding the
/// weights of earlier locks have.
double send_back_cross_entropy(const at::Tensor& logits, const Pass& pass) {
  std::vector<int> answers;
  for (const std::size_t question : pass.questions)
    answers.push_back(*pass.set.questions[question].answer);
  const at::Tensor loss = summed_cross_entropy(logits, answers, pass.settings.label_smoothing_factor) / pass.batch_size;
  loss.backward();
  return loss.item<double>();
}

/// The same of the loss that has a teacher.
double send_back_teacher_loss(const at::Tensor& logits, const Pass& pass) {
  const at::Tensor values = logits.detach().cpu().contiguous();
  const std::span<const float> all(values.const_data_ptr<float>(), static_cast<std::size_t>(values.numel()));
  std::vector<float> gradient;
  double sum = 0;
  for (std::size_t i = 0; i < pass.questions.size(); ++i) {
    OptionLogits own{};
    std::ranges::copy(all.subspan(i * kOptions, kOptions), own.begin());
    const std::size_t question = pass.questions[i];
    const OptionLoss loss =
        question_loss(own, pass.set.questions[question].answer, pass.draw.teacher(question, pass.epoch), pass.settings);
    sum += loss.loss;
    for (const double value : loss.gradient)
      gradient.push_back(static_cast<float>(value / pass.batch_size));
  }
  logits.backward(at::tensor(gradient, at::TensorOptions(at::kFloat)).to(logits.device()).view(logits.sizes()));
  return sum / pass.batch_size;
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
    const Dropout dropout(static_cast<std::uint64_t>(settings.seed), step, pass++);
    ForwardOptions options;
    options.dropout = &dropout;
    options.checkpoint_layers = settings.gradient_checkpointing;
    options.frozen_layers = settings.freeze_layers;
    options.bf16 = settings.bf16;
    options.word_rows_apart = rows_apart;
    const ReferenceOutput output = network.forward(packed, options);
    const Pass drawn{settings, set, draw, epoch, part, static_cast<double>(batch.size())};
    result.loss += settings.learns_from_teacher() ? send_back_teacher_loss(output.logits, drawn)
                                                  : send_back_cross_entropy(output.logits, drawn);
    result.tokens += packed.offsets.back();
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

#include "ensemble/answering.hpp"

#include "checkpoint/parameters.hpp"
#include "model/weights.hpp"
#include "support/errors.hpp"
#include "support/progress.hpp"
#include "support/threads.hpp"

#include <algorithm>
#include <atomic>
#include <numeric>

#include <ATen/core/grad_mode.h>

namespace sciexam {

std::vector<EncodedQuestion> encode_questions(const Tokenizer& tokenizer, std::span<const Question> questions,
                                              const TemplateOptions& options, int threads) {
  std::vector<EncodedQuestion> encoded(questions.size());
  std::atomic<std::size_t> cut_questions = 0;
  parallel_for(questions.size(), threads, [&](std::size_t i) {
    bool cut = false;
    encoded[i] = encode_question(tokenizer, questions[i], options, &cut);
    cut_questions += cut;
  });
  if (cut_questions > 0)
    log_line("questions that are longer than max_length (" + std::to_string(options.max_length) +
             " tokens) even without their context, and lost the end of prompt or option: " +
             std::to_string(cut_questions) + " of " + std::to_string(questions.size()));
  return encoded;
}

std::uint64_t answering_memory(const DebertaConfig& config, DType stored, Precision precision, std::int64_t tokens) {
  constexpr std::uint64_t kProgram = std::uint64_t{64} << 20, kReading = std::uint64_t{64} << 20, kFloat = 4;
  const auto hidden = static_cast<std::uint64_t>(config.hidden_size);
  const bool packed = can_be_packed(config), halves = packed && stored != DType::f32;
  std::uint64_t weights = 0, tables = 0;
  for (const TensorInfo& tensor : parameters_of(config)) {
    const bool half = halves || (precision == Precision::bf16 && tensor.name.starts_with("deberta.encoder.layer."));
    weights += tensor.elements() * (half ? size_of(DType::f16) : kFloat);
    if (tensor.name == "deberta.encoder.rel_embeddings.weight") // projected for keys and queries of every layer
      tables = 2 * tensor.elements() * static_cast<std::uint64_t>(config.num_hidden_layers);
  }
  // Packed, f16, with DeBERTa-v3-large's shape and 2 threads: 1.12 and 1.37 GB measured at 356 and 4,224 tokens at
  // once.
  const std::uint64_t per_token =
      packed ? 16 * hidden : 2 * static_cast<std::uint64_t>(config.intermediate_size) + 14 * hidden;
  return kProgram + std::min(kReading, weights) + weights +
         kFloat * (tables + static_cast<std::uint64_t>(tokens) * per_token);
}

void require_precision(const Package& package, Precision precision) {
  for (std::size_t model = 0; precision == Precision::bf16 && model < package.manifest().models.size(); ++model)
    try {
      const DebertaConfig config = package.config(model);
      if (!can_be_packed(config))
        throw UsageError("model " + package.manifest().models[model].name + " (hidden_act " + config.hidden_act +
                         ") cannot answer in bf16. Give --precision auto");
    } catch (const PackageError&) {
      continue; // told when it is its turn
    }
}

DebertaForMultipleChoice load_model(const Package& package, std::size_t index, int threads, Precision precision) {
  return load_to_answer(package.config(index), *package.open_model(index), threads, precision);
}

std::optional<std::vector<OptionLogits>> answer_batch(const DebertaForMultipleChoice& network,
                                                      std::span<const EncodedQuestion> questions,
                                                      const QuestionBatch& batch, std::function<bool()> stop) {
  const at::NoGradGuard no_grad;
  ForwardOptions options;
  options.stop = std::move(stop);
  const at::Tensor scores = network.forward(pack_sequences(questions, batch), options).logits;
  if (!scores.defined())
    return std::nullopt;
  const at::Tensor on_cpu = scores.cpu().contiguous();
  std::vector<OptionLogits> logits(batch.size());
  for (std::size_t i = 0; i < batch.size(); ++i)
    std::copy_n(on_cpu.const_data_ptr<float>() + i * kOptions, kOptions, logits[i].begin());
  return logits;
}

std::vector<OptionLogits> answer(const DebertaForMultipleChoice& network, std::span<const EncodedQuestion> questions,
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

QuestionAnswers answers_of(std::span<const ModelAnswers> models, std::size_t question) {
  QuestionAnswers answers;
  for (const ModelAnswers& model : models)
    if (model.logits[question]) {
      answers.logits.push_back(*model.logits[question]);
      answers.weights.push_back(model.weight);
    }
  return answers;
}

std::vector<Ranking> combine_answers(std::span<const ModelAnswers> models, std::span<const Question> questions,
                                     Combine combine) {
  std::vector<Ranking> rankings;
  for (std::size_t q = 0; q < questions.size(); ++q) {
    const QuestionAnswers answers = answers_of(models, q);
    // Without a positive weight the models that had time for this question have no say in a weighted mean.
    const bool weightless =
        combine == Combine::weighted && std::accumulate(answers.weights.begin(), answers.weights.end(), 0.0) <= 0;
    rankings.push_back(answers.logits.empty() || weightless
                           ? rank_by_length(questions[q])
                           : combine_ranking(combine, answers.logits, answers.weights));
  }
  return rankings;
}

} // namespace sciexam

#include "ensemble/answering.hpp"

#include "model/weights.hpp"
#include "support/errors.hpp"
#include "support/progress.hpp"
#include "support/threads.hpp"

#include <atomic>

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

DebertaForMultipleChoice load_model(const Package& package, std::size_t index, int threads) {
  DebertaForMultipleChoice network(package.config(index));
  load_weights(network, *package.open_model(index), Purpose::answering, threads);
  network.freeze_relative_tables();
  return network;
}

std::vector<OptionLogits> answer(const DebertaForMultipleChoice& network, std::span<const EncodedQuestion> questions,
                                 const std::string& label) {
  const at::NoGradGuard no_grad;
  std::uint64_t tokens = 0;
  for (const EncodedQuestion& question : questions)
    tokens += static_cast<std::uint64_t>(token_count(question));

  std::vector<OptionLogits> logits(questions.size());
  Progress progress(label, tokens, "tokens");
  for (const QuestionBatch& batch : plan_batches(questions, kTokenBudget)) {
    const at::Tensor scores = network.forward(pack_sequences(questions, batch)).logits.cpu().contiguous();
    const float* score = scores.const_data_ptr<float>();
    for (const std::size_t index : batch) {
      std::copy_n(score, kOptions, logits[index].begin());
      score += kOptions;
      progress.advance(static_cast<std::uint64_t>(token_count(questions[index])));
    }
  }
  progress.finish();
  return logits;
}

EnsembleAnswers answer_with_ensemble(const Package& package, std::span<const Question> questions, int threads,
                                     std::span<const double> weights,
                                     const std::function<void(const EnsembleAnswers&)>& after_model) {
  const Manifest& manifest = package.manifest();
  const Tokenizer tokenizer = Tokenizer::from_bytes(package.vocabulary(), manifest.vocabulary.name);
  const std::vector<EncodedQuestion> encoded =
      encode_questions(tokenizer, questions, package.template_options(), threads);

  EnsembleAnswers answers;
  for (std::size_t i = 0; i < manifest.models.size(); ++i) {
    const std::string& name = manifest.models[i].name;
    try {
      const DebertaForMultipleChoice network = load_model(package, i, threads);
      const std::string label =
          name + " (" + std::to_string(i + 1) + " of " + std::to_string(manifest.models.size()) + ")";
      const double weight = weights.empty() ? manifest.models[i].weight : weights[i];
      answers.models.push_back({name, weight, answer(network, encoded, label)});
    } catch (const Error& error) {
      answers.failures.push_back("model " + name + " was left out: " + error.what());
      log_line(answers.failures.back());
    }
    after_model(answers);
  }
  return answers;
}

std::vector<Ranking> combine_answers(std::span<const ModelAnswers> models, Combine combine) {
  std::vector<Ranking> rankings;
  std::vector<double> weights;
  for (const ModelAnswers& model : models)
    weights.push_back(model.weight);
  for (std::size_t q = 0; q < models.front().logits.size(); ++q) {
    std::vector<OptionLogits> logits;
    for (const ModelAnswers& model : models)
      logits.push_back(model.logits[q]);
    rankings.push_back(combine_ranking(combine, logits, weights));
  }
  return rankings;
}

} // namespace sciexam

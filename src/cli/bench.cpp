// sciexam-run bench: tokens per second of this machine.
#include "checkpoint/parameters.hpp"
#include "cli/commands.hpp"
#include "cli/options.hpp"
#include "ensemble/answering.hpp"
#include "model/runtime.hpp"
#include "model/weights.hpp"
#include "support/cpu.hpp"
#include "support/progress.hpp"
#include "support/threads.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <memory>
#include <random>

#include <ATen/core/grad_mode.h>
#include <CLI/CLI.hpp>

namespace sciexam {
namespace {

struct BenchOptions {
  int threads = 0, length = 100, questions = 4000, models = 3;
  double seconds = 20;
};

/// DeBERTa-v3-large (microsoft/deberta-v3-large, config.json).
DebertaConfig large_config() {
  const JsonDocument document(R"({"model_type": "deberta-v2", "vocab_size": 128100, "hidden_size": 1024,
    "num_hidden_layers": 24, "num_attention_heads": 16, "intermediate_size": 4096, "hidden_act": "gelu",
    "max_position_embeddings": 512, "relative_attention": true, "max_relative_positions": -1, "position_buckets": 256,
    "norm_rel_ebd": "layer_norm", "share_att_key": true, "pos_att_type": "p2c|c2p", "position_biased_input": false,
    "type_vocab_size": 0, "layer_norm_eps": 1e-7, "pooler_hidden_size": 1024, "pooler_hidden_act": "gelu"})",
                              "deberta-v3-large");
  return parse_deberta_config(document.root());
}

/// Random weights of the size that trained ones have, as f16: speed does not depend on them.
class RandomWeights : public WeightSource {
public:
  explicit RandomWeights(const DebertaConfig& config) : tensors_(parameters_of(config)) {
    for (TensorInfo& tensor : tensors_)
      tensor.dtype = DType::f16;
    std::mt19937 generator(0);
    std::uniform_real_distribution<float> any(-0.03F, 0.03F);
    std::vector<float> values(kChunk);
    std::generate(values.begin(), values.end(), [&] { return any(generator); });
    convert_from_f32(DType::f16, values, chunk_);
  }

  const std::vector<TensorInfo>& tensors() const override { return tensors_; }
  std::string description() const override { return "random weights"; }
  void read(const std::function<bool(const TensorInfo&)>& wanted, const std::function<void(const TensorChunk&)>& sink,
            int threads) override {
    parallel_for(tensors_.size(), threads, [&](std::size_t i) {
      const TensorInfo& tensor = tensors_[i];
      for (std::uint64_t first = 0; wanted(tensor) && first < tensor.elements(); first += kChunk)
        sink({tensor, first, std::span(chunk_).first(2 * std::min<std::uint64_t>(kChunk, tensor.elements() - first))});
    });
  }

private:
  static constexpr std::size_t kChunk = std::size_t{1} << 20;
  std::vector<TensorInfo> tensors_;
  std::vector<std::byte> chunk_ = std::vector<std::byte>(2 * kChunk);
};

std::vector<EncodedQuestion> random_questions(std::size_t count, int length, int vocab_size) {
  std::mt19937 generator(0);
  std::uniform_int_distribution<std::int32_t> any(3, vocab_size - 1);
  std::vector<EncodedQuestion> questions(count);
  for (EncodedQuestion& question : questions)
    for (Encoding& encoding : question) {
      encoding.ids.resize(static_cast<std::size_t>(length));
      encoding.type_ids.assign(encoding.ids.size(), 0);
      for (std::int32_t& id : encoding.ids)
        id = any(generator);
    }
  return questions;
}

/// Multiplications and additions a token: dense layers and the four products of attention (q k, both relative terms,
/// p v); of the last layer only q, k and v, since after it only the first tokens are looked at.
double operations_per_token(const DebertaConfig& config, int length) {
  const auto hidden = static_cast<double>(config.hidden_size), inner = static_cast<double>(config.intermediate_size);
  const double projections = 2 * 3 * hidden * hidden, rest = 2 * hidden * (hidden + 2 * inner),
               attention = 4 * 2 * hidden * length;
  return static_cast<double>(config.num_hidden_layers) * projections +
         static_cast<double>(config.num_hidden_layers - 1) * (rest + attention);
}

void bench(const BenchOptions& options) {
  const at::NoGradGuard no_grad;
  const int threads = use_threads(options.threads);
  log_line("making a random model of DeBERTa-v3-large's shape (f16, 0.9 GB) ...");
  const DebertaConfig config = large_config();
  RandomWeights weights(config);
  const DebertaForMultipleChoice network = load_to_answer(config, weights, threads);
  const std::size_t per_batch =
      std::max<std::size_t>(1, kTokenBudget / (kOptions * static_cast<std::size_t>(options.length)));
  const auto questions = random_questions(per_batch, options.length, static_cast<int>(network.config().vocab_size));
  QuestionBatch batch(per_batch);
  for (std::size_t i = 0; i < per_batch; ++i)
    batch[i] = i;
  const PackedSequences packed = pack_sequences(questions, batch);
  network.forward(packed); // kernels are generated on first use

  using Clock = std::chrono::steady_clock;
  const auto start = Clock::now();
  int passes = 0;
  double elapsed = 0;
  do {
    network.forward(packed);
    ++passes;
    elapsed = std::chrono::duration<double>(Clock::now() - start).count();
  } while (elapsed < options.seconds);
  const double tokens_per_second = static_cast<double>(packed.offsets.back()) * passes / elapsed;
  const double tokens = static_cast<double>(options.questions) * kOptions * options.length;
  std::printf("f32, DeBERTa-v3-large, %d tokens a sequence, %d threads, %s (%s): %.0f tokens/s\n"
              "%d questions through %d models would take %s\n",
              options.length, threads, cpu_features().c_str(), chosen_kernels().c_str(), tokens_per_second,
              options.questions, options.models, format_duration(tokens * options.models / tokens_per_second).c_str());
  const double achieved = tokens_per_second * operations_per_token(network.config(), options.length),
               peak = product_operations_per_second();
  if (peak > 0)
    std::printf(
        "%.0f GFLOP/s, everything included: %.0f %% of the %.0f GFLOP/s of oneDNN's product of three times 4096\n",
        achieved / 1e9, 100 * achieved / peak, peak / 1e9);
}

} // namespace

void add_bench(CLI::App& app) {
  const auto options = std::make_shared<BenchOptions>();
  CLI::App* command = app.add_subcommand("bench", "Tokens per second of this machine, and what an exam would take");
  command->add_option("--length", options->length, "Tokens a sequence [100]")->check(CLI::Range(4, 4096));
  command->add_option("--questions", options->questions, "Questions of the exam that is projected [4000]")
      ->check(CLI::PositiveNumber);
  command->add_option("--models", options->models, "Models of the ensemble that is projected [3]")
      ->check(CLI::PositiveNumber);
  command->add_option("--seconds", options->seconds, "Time to measure [20]")->check(CLI::PositiveNumber);
  add_threads_option(*command, options->threads);
  command->callback([options] { bench(*options); });
}

} // namespace sciexam

// sciexam-run bench: tokens per second on this machine.
#include "answer/package_use.hpp"
#include "cli/bench/bench_devices.hpp"
#include "cli/bench/bench_loading.hpp"
#include "cli/bench/bench_table.hpp"
#include "cli/bench/random_model.hpp"
#include "cli/commands.hpp"
#include "cli/options.hpp"
#include "inference/batches.hpp"
#include "inference/token_batches.hpp"
#include "model/product_peak.hpp"
#include "model/runtime.hpp"
#include "model/weights.hpp"
#include "report/line_plot.hpp"
#include "report/page.hpp"
#include "support/clock.hpp"
#include "support/files/files.hpp"
#include "support/machine/cpu.hpp"
#include "support/machine/memory.hpp"
#include "support/messages/progress.hpp"
#include "support/text/counted.hpp"
#include "support/text/numbers.hpp"

#include <algorithm>
#include <cstdio>
#include <memory>

#include <ATen/core/grad_mode.h>
#include <CLI/CLI.hpp>

namespace sciexam::inline cli {
namespace {

/// Multiplications and additions per token: dense layers and the four products of attention (q k, both relative terms,
/// p v). Of the last layer only q, k and v count: the rest is computed for the first tokens only.
double operations_per_token(const DebertaConfig& config, int length) {
  const auto hidden = static_cast<double>(config.hidden_size), inner = static_cast<double>(config.intermediate_size);
  const double projections = 2 * 3 * hidden * hidden, rest = 2 * hidden * (hidden + 2 * inner),
               attention = 4 * 2 * hidden * length;
  return static_cast<double>(config.num_hidden_layers) * projections +
         static_cast<double>(config.num_hidden_layers - 1) * (rest + attention);
}

/// What was measured at one length.
struct Measured {
  int length = 0;
  double tokens = 0, seconds = 0;
  LayerTimes times = {};

  double tokens_per_second() const { return tokens / seconds; }
};

/// Full batches of sequences of `length` tokens, for `seconds`.
Measured measure(PackedDeberta& network, int length, double seconds) {
  const std::size_t per_batch = std::max<std::size_t>(1, kTokenBudget / (kOptions * static_cast<std::size_t>(length)));
  const auto questions = random_questions(per_batch, length, network.config().vocab_size);
  QuestionBatch batch(per_batch);
  for (std::size_t i = 0; i < per_batch; ++i)
    batch[i] = i;
  const PackedSequences packed = pack_sequences(questions, batch);
  network.forward(pack_sequences(questions, {0})); // tables are projected on first use
  network.take_times();

  Measured measured{.length = length};
  Stopwatch stopwatch;
  do {
    network.forward(packed);
    measured.tokens += static_cast<double>(packed.offsets.back());
    measured.seconds += stopwatch.lap();
  } while (measured.seconds < seconds);
  measured.times = network.take_times();
  return measured;
}

std::string percent(double part) {
  return format_fixed(100 * part, 1) + " %";
}

Factors factors_of(const std::string& precision) {
  return precision == "int8" ? Factors::int8 : precision == "bf16" ? Factors::bf16 : Factors::f32;
}

/// What "of the peak" means.
std::string describe_peak(const std::string& precision, double peak, double f32_peak) {
  if (f32_peak == 0)
    return "the peak was not measured: this LibTorch is not built with our oneDNN";
  const std::string size = " product of 4096 x 4096 x 4096 in this process", f32 = format_fixed(f32_peak / 1e9, 0);
  if (precision == "f32")
    return "the peak: " + f32 + " GFLOP/s, oneDNN's f32" + size;
  if (peak == 0)
    return "the peak was not measured: the kernels in use have no instruction for products of " + precision +
           "; oneDNN's f32" + size + ": " + f32 + " GFLOP/s";
  return "the peak: " + format_fixed(peak / 1e9, 0) + (precision == "int8" ? " GOP/s" : " GFLOP/s") + ", oneDNN's " +
         precision + size + ", " + format_fixed(peak / f32_peak, 2) + " times its f32 product's " + f32;
}

class BenchTable {
public:
  BenchTable(const BenchOptions& options, const DebertaConfig& config, double peak)
      : options_(options), config_(config), peak_(peak) {}

  std::vector<std::string> header() const {
    return {"tokens per sequence",    "tokens/s", "of the peak", "q, k, v", "attention", "output, feed-forward, norms",
            projection_name(options_)};
  }
  std::vector<std::string> row(const Measured& measured) const {
    const double achieved = measured.tokens_per_second() * operations_per_token(config_, measured.length);
    const LayerTimes& times = measured.times;
    return {std::to_string(measured.length),
            format_fixed(measured.tokens_per_second(), 0),
            peak_ > 0 ? percent(achieved / peak_) : "not measured",
            percent(times.projections / measured.seconds),
            percent(times.attention / measured.seconds),
            percent(times.tail / measured.seconds),
            projection(options_, measured.length, measured.tokens_per_second())};
  }

private:
  const BenchOptions& options_;
  const DebertaConfig& config_;
  double peak_;
};

/// Time per token by length, in milliseconds.
LinePlot plot_of(const std::vector<Measured>& all, const std::string& what) {
  Series whole{.name = "all"}, attention{.name = "attention"}, dense{.name = "dense layers and norms"};
  for (const Measured& measured : all) {
    const double tokens = measured.tokens / 1000;
    whole.points.emplace_back(measured.length, measured.seconds / tokens);
    attention.points.emplace_back(measured.length, measured.times.attention / tokens);
    dense.points.emplace_back(measured.length, (measured.times.projections + measured.times.tail) / tokens);
  }
  return {.title = "What a token costs, by sequence length",
          .x_label = "tokens per sequence",
          .y_label = "ms per token: " + what,
          .series = {whole, dense, attention},
          .log_x = true};
}

void bench(const BenchOptions& options) {
  const at::NoGradGuard no_grad;
  const int threads = use_threads(options.threads);
  const bool int8 = options.precision == "int8";
  const Precision precision = choose_precision(options.precision).precision;
  const std::string shape = title_of_shape(options.shape);
  const DebertaConfig config = shape_of(options.shape);
  RandomWeights weights(config, int8);
  std::uint64_t bytes = 0;
  for (const TensorInfo& tensor : weights.tensors())
    bytes += tensor.bytes();
  log_line("making a random model of " + shape + "'s shape (" + (int8 ? "int8, " : "f16, ") + format_memory(bytes) +
           ") ...");
  Stopwatch stopwatch;
  const std::unique_ptr<PackedDeberta> network = load_packed(config, weights, threads, precision);
  log_line("putting its weights into the kernels' order took " + format_fixed(stopwatch.lap(), 2) + " s");

  const std::string kind = options.precision == "f32" ? "f32 on weights kept as f16" : options.precision,
                    what = shape + ", " + kind + ", " + counted(threads, "thread"),
                    machine = cpu_features() + " (" + chosen_kernels() + ")";
  const Factors factors = factors_of(options.precision);
  const double f32_peak = product_operations_per_second(Factors::f32),
               peak = factors == Factors::f32 ? f32_peak : product_operations_per_second(factors);
  const BenchTable table(options, config, peak);
  const std::string of_peak = describe_peak(options.precision, peak, f32_peak);
  std::printf("%s, %s\n", what.c_str(), machine.c_str());
  print_row(table.header(), table.header());
  std::vector<Measured> all;
  std::vector<std::vector<std::string>> rows;
  for (const int length : options.lengths) {
    all.push_back(measure(*network, length, options.seconds));
    rows.push_back(table.row(all.back()));
    print_row(table.header(), rows.back());
    std::fflush(stdout);
  }
  std::printf("%s\n", of_peak.c_str());
  const LinePlot plot = plot_of(all, shape + ", " + options.precision + ", " + counted(threads, "thread"));
  if (!options.plot.empty())
    write_file_atomically(options.plot, draw(plot, Shown::alone));
  if (options.report.empty())
    return;
  Page page("What an answer costs", what + ", random weights; " + machine);
  page.figure(draw(plot));
  page.table(table.header(), rows);
  page.paragraph(of_peak);
  write_file_atomically(options.report, page.html());
}

} // namespace

void add_bench(CLI::App& app) {
  const auto options = std::make_shared<BenchOptions>();
  CLI::App* command = app.add_subcommand("bench", "Tokens per second on this machine, and how long an exam would take");
  command->add_option("--length", options->lengths, "Tokens per sequence; one number or several [100]")
      ->check(CLI::Range(4, 4096));
  command->add_option("--questions", options->questions, "Questions of the projected exam [4000]")
      ->check(CLI::PositiveNumber);
  command->add_option("--models", options->models, "Models of the projected ensemble [3]")->check(CLI::PositiveNumber);
  command->add_option("--seconds", options->seconds, "Seconds to measure each length for [20]")
      ->check(CLI::PositiveNumber);
  command->add_option("--report", options->report, "Also write an HTML page with the cost by length as a plot");
  command->add_option("--plot", options->plot, "Also write that plot alone, as an SVG file");
  command
      ->add_option(
          "--precision", options->precision,
          "Precision of the dense layers: f32; int8, as in a package made by `pack --precision int8`; or bf16, on "
          "CPUs with AVX-512-BF16 [f32]")
      ->check(CLI::IsMember({"f32", "int8", "bf16"}));
  command
      ->add_option("--shape", options->shape,
                   "The model's shape, that of a DeBERTa-v3: large, base, small or xsmall [large]")
      ->check(CLI::IsMember(shape_names()));
  command->add_option("--device", options->device, "cpu, or GPUs as in a run: cuda, cuda:0,1 [cpu]");
  command->add_option("--package", options->package,
                      "Measure instead how long this package's first model takes to load");
  add_threads_option(*command, options->threads);
  command->callback([options] {
    if (!options->package.empty())
      bench_loading(*options);
    else if (options->device == "cpu")
      bench(*options);
    else
      bench_devices(*options);
  });
}

} // namespace sciexam::inline cli

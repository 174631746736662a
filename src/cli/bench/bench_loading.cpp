#include "cli/bench/bench_loading.hpp"

#include "answer/package_use.hpp"
#include "cli/bench/random_model.hpp"
#include "cli/options.hpp"
#include "inference/loading.hpp"
#include "package/package.hpp"
#include "support/clock.hpp"
#include "support/machine/memory.hpp"
#include "support/messages/progress.hpp"

#include <algorithm>
#include <cstdio>
#include <limits>

namespace sciexam::inline cli {
namespace {

constexpr int kTries = 3;

/// Seconds that `work` takes, the best of kTries.
template <class Work>
double best_of(const Work& work) {
  double best = std::numeric_limits<double>::infinity();
  for (int i = 0; i < kTries; ++i) {
    Stopwatch stopwatch;
    work();
    best = std::min(best, stopwatch.lap());
  }
  return best;
}

} // namespace

void bench_loading(const BenchOptions& options) {
  const int threads = use_threads(options.threads);
  const Precision precision = choose_precision(options.precision).precision;
  const Package package = Package::open(options.package);
  const ModelRecord& model = package.manifest().models.front();
  const DebertaConfig config = package.config(0);
  log_line("loading model " + model.name + " of " + options.package + " ...");
  const double reading = best_of([&] { package.read_ahead(0, [] { return false; }); });
  const double decoding = best_of(
      [&] { package.open_model(0)->read([](const TensorInfo&) { return true; }, [](const TensorChunk&) {}, threads); });
  double packing = 0;
  {
    RandomWeights weights(config, model.dtype == DType::i8);
    packing = best_of([&] { load_to_answer(config, weights, threads, precision); });
  }
  const double loading = best_of([&] { load_model(package, 0, threads, precision); });
  std::printf("reading %s (%s): %.2f s; with hashes and decompression: %.2f s; packing such weights: %.2f s\n",
              model.weights.name.c_str(), format_memory(package.stored_bytes(0)).c_str(), reading, decoding, packing);
  std::printf("loading the model: %.2f s, %.2f times reading and packing, %.2f times with hashes and decompression\n",
              loading, loading / (reading + packing), loading / (decoding + packing));
}

} // namespace sciexam::inline cli

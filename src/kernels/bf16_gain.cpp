#include "kernels/bf16_gain.hpp"

#include "kernels/dense.hpp"
#include "kernels/packed_matrix.hpp"
#include "kernels/workspace.hpp"

#include <algorithm>
#include <chrono>
#include <limits>
#include <vector>

namespace sciexam::inline kernels {
namespace {

/// The fastest of several products, in seconds.
double seconds_of_product(StoredWeights stored, Workspace& workspace) {
  constexpr std::int64_t kFeatures = 512, kRows = 256;
  constexpr int kTries = 5;
  const Workers caller{1, [](std::int64_t tasks, const std::function<void(int, std::int64_t)>& task) {
                         for (std::int64_t i = 0; i < tasks; ++i)
                           task(0, i);
                       }};
  PackedMatrix matrix(kFeatures, kFeatures, stored);
  matrix.complete();
  const std::vector<float> x(kRows * kFeatures, 1.0F);
  std::vector<float> y(x.size());
  double best = std::numeric_limits<double>::infinity();
  for (int i = 0; i < kTries; ++i) {
    const auto start = std::chrono::steady_clock::now();
    dense(matrix, x.data(), kRows, false, y.data(), caller, workspace);
    best = std::min(best, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }
  return best;
}

} // namespace

double bf16_gain() {
  static const double gain = [] {
    Workspace workspace;
    return seconds_of_product(StoredWeights::f32, workspace) / seconds_of_product(StoredWeights::bf16, workspace);
  }();
  return gain;
}

} // namespace sciexam::inline kernels

#include "kernels/dense.hpp"

#include "kernels/kernel_table.hpp"

#include <algorithm>

namespace sciexam::inline kernels {
namespace {

/// Rows in chunks of whole tiles, all about equally large, so that all workers are equally busy.
struct Chunks {
  std::int64_t rows, tile, tiles, count;

  Chunks(std::int64_t all, int workers, const KernelTable& kernels, const DenseRows& call) : rows(all) {
    const StoredWeights stored = call.weight.stored;
    const RowChunks& best =
        stored == StoredWeights::f32 || stored == StoredWeights::f16 ? kernels.exact : kernels.rounded;
    tile = best.tile;
    tiles = (all + tile - 1) / tile;
    const std::int64_t rounds = (all + best.most * workers - 1) / (best.most * workers);
    count = std::min(tiles, std::max<std::int64_t>(1, rounds) * workers);
  }
  std::int64_t first(std::int64_t chunk) const { return std::min(rows, tiles * chunk / count * tile); }
  std::int64_t length(std::int64_t chunk) const { return first(chunk + 1) - first(chunk); }
  std::int64_t longest() const { return count == 0 ? 0 : (tiles + count - 1) / count * tile; }
};

DenseRows call_of(const PackedMatrix& matrix, bool gelu) {
  DenseRows call = matrix.call();
  call.gelu = gelu;
  return call;
}

void multiply(const KernelTable& kernels, DenseRows call, const float* x, std::int64_t rows, float* y, float* scratch) {
  call.x = x;
  call.rows = rows;
  call.y = y;
  call.scratch = scratch;
  kernels.dense(call);
}

void multiply_all(const KernelTable& kernels, const DenseRows& call, const float* x, std::int64_t rows, float* y,
                  const Workers& workers, Workspace& workspace) {
  const Chunks chunks(rows, workers.count, kernels, call);
  workspace.prepare(workers.count, kernels.dense_scratch(chunks.longest()));
  workers.run(chunks.count, [&](int worker, std::int64_t chunk) {
    const std::int64_t first = chunks.first(chunk);
    multiply(kernels, call, x + first * call.in_features, chunks.length(chunk), y + first * call.out_features,
             workspace.scratch(worker));
  });
}

void normalise(const KernelTable& kernels, const NormWeights& norm, const float* x, const float* residual,
               std::int64_t rows, std::int64_t size, float* y) {
  NormRows call;
  call.x = x;
  call.residual = residual;
  call.weight = norm.weight;
  call.bias = norm.bias;
  call.eps = norm.eps;
  call.rows = rows;
  call.size = size;
  call.y = y;
  kernels.add_and_normalise(call);
}

} // namespace

void dense(const PackedMatrix& matrix, const float* x, std::int64_t rows, bool gelu, float* y, const Workers& workers,
           Workspace& workspace) {
  multiply_all(matrix.kernels(), call_of(matrix, gelu), x, rows, y, workers, workspace);
}

void dense_part(const PackedMatrix& matrix, std::int64_t out_features, const float* x, std::int64_t rows, float* y,
                const Workers& workers, Workspace& workspace) {
  DenseRows call = matrix.call();
  call.out_features = out_features;
  multiply_all(matrix.kernels(), call, x, rows, y, workers, workspace);
}

void finish_layer(const LayerTail& tail, const float* context, const float* hidden, std::int64_t rows, float* y,
                  const Workers& workers, Workspace& workspace) {
  const std::int64_t size = tail.output->out_features(), inner = tail.intermediate->out_features();
  const KernelTable& kernels = tail.output->kernels();
  const DenseRows first_call = call_of(*tail.attention_output, false), up_call = call_of(*tail.intermediate, true),
                  down_call = call_of(*tail.output, false);
  const Chunks chunks(rows, workers.count, kernels, up_call);
  const std::int64_t packing = kernels.dense_scratch(chunks.longest());
  const std::int64_t longest = chunks.longest();
  workspace.prepare(workers.count, packing + longest * (2 * size + inner));
  workers.run(chunks.count, [&](int worker, std::int64_t chunk) {
    const std::int64_t first = chunks.first(chunk), count = chunks.length(chunk);
    float* packed = workspace.scratch(worker);
    float *attended = packed + packing, *sum = attended + longest * size, *activated = sum + longest * size;
    multiply(kernels, first_call, context + first * size, count, sum, packed);
    normalise(kernels, tail.attention_norm, sum, hidden + first * size, count, size, attended);
    multiply(kernels, up_call, attended, count, activated, packed);
    multiply(kernels, down_call, activated, count, sum, packed);
    normalise(kernels, tail.output_norm, sum, attended, count, size, y + first * size);
  });
}

} // namespace sciexam::inline kernels

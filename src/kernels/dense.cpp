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

/// Rows that begin `stride` floats apart.
struct Input {
  const float* at;
  std::int64_t stride;

  Input from(std::int64_t row) const { return {at + row * stride, stride}; }
};
struct Output {
  float* at;
  std::int64_t stride;

  Output from(std::int64_t row) const { return {at + row * stride, stride}; }
  operator Input() const { return {at, stride}; }
};

void multiply(const KernelTable& kernels, DenseRows call, Input x, std::int64_t rows, Output y, float* scratch) {
  call.x = x.at;
  call.x_stride = x.stride;
  call.rows = rows;
  call.y = y.at;
  call.y_stride = y.stride;
  call.scratch = scratch;
  kernels.dense(call);
}

void multiply_all(const KernelTable& kernels, const DenseRows& call, const float* x, std::int64_t rows, Output y,
                  const Workers& workers, Workspace& workspace) {
  const Chunks chunks(rows, workers.count, kernels, call);
  workspace.prepare(workers.count, kernels.dense_scratch(chunks.longest()));
  workers.run(chunks.count, [&](int worker, std::int64_t chunk) {
    const std::int64_t first = chunks.first(chunk);
    multiply(kernels, call, Input{x, call.in_features}.from(first), chunks.length(chunk), y.from(first),
             workspace.scratch(worker));
  });
}

void normalise(const KernelTable& kernels, const NormWeights& norm, Input x, Input residual, std::int64_t rows,
               std::int64_t size, Output y) {
  NormRows call;
  call.x = x.at;
  call.x_stride = x.stride;
  call.residual = residual.at;
  call.residual_stride = residual.stride;
  call.weight = norm.weight;
  call.bias = norm.bias;
  call.eps = norm.eps;
  call.rows = rows;
  call.size = size;
  call.y = y.at;
  call.y_stride = y.stride;
  kernels.add_and_normalise(call);
}

} // namespace

std::int64_t spread_stride(std::int64_t features) {
  constexpr std::int64_t kTileWidth = 32; // of the widest kernels: two cache lines
  const std::int64_t widths = (features + kTileWidth - 1) / kTileWidth;
  return (widths % 2 == 1 ? widths : widths + 1) * kTileWidth;
}

void dense(const PackedMatrix& matrix, const float* x, std::int64_t rows, bool gelu, float* y, const Workers& workers,
           Workspace& workspace) {
  multiply_all(matrix.kernels(), call_of(matrix, gelu), x, rows, {y, matrix.out_features()}, workers, workspace);
}

void dense_spread(const PackedMatrix& matrix, const float* x, std::int64_t rows, float* y, std::int64_t y_stride,
                  const Workers& workers, Workspace& workspace) {
  multiply_all(matrix.kernels(), call_of(matrix, false), x, rows, {y, y_stride}, workers, workspace);
}

void dense_part(const PackedMatrix& matrix, std::int64_t out_features, const float* x, std::int64_t rows, float* y,
                const Workers& workers, Workspace& workspace) {
  DenseRows call = matrix.call();
  call.out_features = out_features;
  multiply_all(matrix.kernels(), call, x, rows, {y, out_features}, workers, workspace);
}

void finish_layer(const LayerTail& tail, const float* context, const float* hidden, std::int64_t rows, float* y,
                  const Workers& workers, Workspace& workspace) {
  const std::int64_t size = tail.output->out_features(), inner = tail.intermediate->out_features();
  const KernelTable& kernels = tail.output->kernels();
  const DenseRows first_call = call_of(*tail.attention_output, false), up_call = call_of(*tail.intermediate, true),
                  down_call = call_of(*tail.output, false);
  const Chunks chunks(rows, workers.count, kernels, up_call);
  const std::int64_t packing = kernels.dense_scratch(chunks.longest());
  const std::int64_t longest = chunks.longest(), stride = spread_stride(size), inner_stride = spread_stride(inner);
  workspace.prepare(workers.count, packing + longest * (2 * stride + inner_stride));
  workers.run(chunks.count, [&](int worker, std::int64_t chunk) {
    const std::int64_t first = chunks.first(chunk), count = chunks.length(chunk);
    float* packed = workspace.scratch(worker);
    const Output attended{packed + packing, stride};
    const Output sum = attended.from(longest);
    const Output activated{sum.from(longest).at, inner_stride};
    multiply(kernels, first_call, Input{context, size}.from(first), count, sum, packed);
    normalise(kernels, tail.attention_norm, sum, Input{hidden, size}.from(first), count, size, attended);
    multiply(kernels, up_call, attended, count, activated, packed);
    multiply(kernels, down_call, activated, count, sum, packed);
    normalise(kernels, tail.output_norm, sum, attended, count, size, Output{y, size}.from(first));
  });
}

} // namespace sciexam::inline kernels

// Kernels with one warp per row: embeddings, layer norm, first tokens, classifier. Rows are f16, their width a multiple
// of 8; eight elements are a chunk, which a lane reads at once. `rest` is the width where rows of activations are twice
// as long, with the remainders of the first half in the second; else 0.
#pragma once

#include "gemm.cuh"

constexpr int kRowWarps = 8; ///< rows of a block

DEVICE int warp_row() {
  return block_x() * kRowWarps + thread() / kWarp;
}

DEVICE uint4v chunk_of(const half* row, int chunk) {
  return *reinterpret_cast<const uint4v*>(row + chunk * 8);
}

DEVICE void add_chunk(float2v (&numbers)[4], const half* row, int chunk) {
  const uint4v words = chunk_of(row, chunk);
#pragma unroll
  for (int i = 0; i < 4; ++i)
    numbers[i] += unpack(words[i]);
}

DEVICE void store_chunk(half* row, int chunk, const float2v (&numbers)[4], int rest) {
  uint4v words;
#pragma unroll
  for (int i = 0; i < 4; ++i)
    words[i] = pack(numbers[i].x, numbers[i].y);
  *reinterpret_cast<uint4v*>(row + chunk * 8) = words;
  if (rest == 0)
    return;
#pragma unroll
  for (int i = 0; i < 4; ++i)
    words[i] = pack_rest(numbers[i], words[i]);
  *reinterpret_cast<uint4v*>(row + rest + chunk * 8) = words;
}

DEVICE void add_chunk(float2v (&numbers)[4], const float* row, int chunk) {
#pragma unroll
  for (int i = 0; i < 2; ++i) {
    const float4v words = *reinterpret_cast<const float4v*>(row + chunk * 8 + i * 4);
    numbers[i * 2] += words.xy;
    numbers[i * 2 + 1] += words.zw;
  }
}

/// What a token looks up: its rows of tables of `width`, null where the network has none.
template <class T>
struct LookedUp {
  const T *words, *positions, *types;
  const int *ids, *places, *type_ids;
  int width;

  /// Adds a chunk of the sum of a token's rows.
  METHOD void add_to(float2v (&numbers)[4], int token, int chunk) const {
    const auto add = [&](const T* table, const int* rows) {
      add_chunk(numbers, table + static_cast<long long>(rows[token]) * width, chunk);
    };
    add(words, ids);
    if (positions != nullptr)
      add(positions, places);
    if (types != nullptr)
      add(types, type_ids);
  }
};

/// sum[token] = words[ids[token]] + positions[its place in the sequence] + types[type_ids[token]]; null tables are
/// skipped.
KERNEL(kRowWarps* kWarp, 4)
embed(const half* words, const half* positions, const half* types, const int* ids, const int* places,
      const int* type_ids, half* sum, int tokens, int width, int rest) {
  const LookedUp<half> rows{words, positions, types, ids, places, type_ids, width};
  const int token = warp_row();
  if (token >= tokens)
    return;
  for (int chunk = lane(); chunk < width / 8; chunk += kWarp) {
    float2v total[4] = {};
    rows.add_to(total, token, chunk);
    store_chunk(sum + static_cast<long long>(token) * (width + rest), chunk, total, rest);
  }
}

/// A row of at most 2048 numbers in a warp's registers, less its mean.
struct CentredRow {
  static constexpr int kChunks = 2048 / 8 / kWarp;
  float2v values[kChunks][4] = {};
  int width;
  float mean;

  /// add(chunk, eight numbers) adds a chunk of the row to zeros.
  template <class Add>
  METHOD CentredRow(int row_width, Add add) : width(row_width) {
    float sum = 0;
#pragma unroll
    for (int i = 0; i < kChunks; ++i)
      if (const int chunk = i * kWarp + lane(); chunk < width / 8) {
        add(chunk, values[i]);
#pragma unroll
        for (const float2v& pair : values[i])
          sum += pair.x + pair.y;
      }
    mean = sum_over(sum) / static_cast<float>(width);
  }

  /// Takes the mean off; 1 / the deviation.
  METHOD float centre(float eps) {
    float squares = 0;
#pragma unroll
    for (int i = 0; i < kChunks; ++i)
      if (i * kWarp + lane() < width / 8) {
#pragma unroll
        for (float2v& pair : values[i]) {
          pair -= mean;
          squares += pair.x * pair.x + pair.y * pair.y;
        }
      }
    return reciprocal_root(sum_over(squares) / static_cast<float>(width) + eps);
  }

  /// Calls store(chunk, eight numbers) for values * factor * weight + bias.
  template <class Store>
  METHOD void scale(float factor, const float* weight, const float* bias, Store store) {
#pragma unroll
    for (int i = 0; i < kChunks; ++i)
      if (const int chunk = i * kWarp + lane(); chunk < width / 8) {
#pragma unroll
        for (int j = 0; j < 2; ++j) {
          const float4v factors = *reinterpret_cast<const float4v*>(weight + chunk * 8 + j * 4) * factor;
          const float4v shifts = *reinterpret_cast<const float4v*>(bias + chunk * 8 + j * 4);
          values[i][j * 2] = values[i][j * 2] * factors.xy + shifts.xy;
          values[i][j * 2 + 1] = values[i][j * 2 + 1] * factors.zw + shifts.zw;
        }
        store(chunk, values[i]);
      }
  }
};

/// y = (x - mean) / sqrt(variance + eps) * weight + bias for each row, in f32; x and y may be the same. Width is at
/// most 2048.
KERNEL(kRowWarps* kWarp, 2)
layer_norm(const half* x, const float* weight, const float* bias, half* y, int rows, int width, int rest, float eps) {
  const int row = warp_row();
  if (row >= rows)
    return;
  x += static_cast<long long>(row) * (width + rest);
  y += static_cast<long long>(row) * (width + rest);
  CentredRow values(width, [&](int chunk, float2v(&numbers)[4]) {
    add_chunk(numbers, x, chunk);
    if (rest != 0)
      add_chunk(numbers, x + rest, chunk);
  });
  const float factor = values.centre(eps);
  values.scale(factor, weight, bias,
               [&](int chunk, const float2v(&numbers)[4]) { store_chunk(y, chunk, numbers, rest); });
}

/// y[s] = x[offsets[s]]
KERNEL(kRowWarps* kWarp, 4) first_tokens(const half* x, const int* offsets, half* y, int sequences, int width) {
  const int sequence = warp_row();
  if (sequence >= sequences)
    return;
  for (int chunk = lane(); chunk < width / 8; chunk += kWarp)
    *reinterpret_cast<uint4v*>(y + static_cast<long long>(sequence) * width + chunk * 8) =
        chunk_of(x + static_cast<long long>(offsets[sequence]) * width, chunk);
}

/// The numbers are those of DeviceActivation.
DEVICE float activation(float x, int kind) {
  const auto sigmoid = [](float z) { return reciprocal(1.0F + exp2_approx(-z * kLog2e)); };
  switch (kind) {
  case 1:
    return gelu(x);
  case 2:
    return x * sigmoid(1.5957691F * (x + 0.044715F * x * x * x)); // x / 2 (1 + tanh z) = x sigmoid(2 z)
  case 3:
    return 2.0F * sigmoid(2.0F * x) - 1.0F;
  case 4:
    return greatest(x, 0.0F);
  case 5:
    return x * sigmoid(x);
  case 6:
    return sigmoid(x);
  default:
    return x;
  }
}

/// logits[s] = activation(x[s]) . weight + bias
KERNEL(kRowWarps* kWarp, 4)
classify(const half* x, const float* weight, const float* bias, float* logits, int sequences, int width, int rest,
         int kind) {
  const int sequence = warp_row();
  if (sequence >= sequences)
    return;
  float sum = 0;
  for (int column = lane() * 2; column < width; column += kWarp * 2) {
    const half* from = x + static_cast<long long>(sequence) * (width + rest) + column;
    float2v pooled = unpack(*reinterpret_cast<const unsigned*>(from));
    if (rest != 0)
      pooled += unpack(*reinterpret_cast<const unsigned*>(from + rest));
    sum += activation(pooled.x, kind) * weight[column] + activation(pooled.y, kind) * weight[column + 1];
  }
  sum = sum_over(sum);
  if (lane() == 0)
    logits[sequence] = sum + bias[0];
}

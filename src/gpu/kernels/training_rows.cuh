// What training does to rows of activations: dropout's masks, the layer norm's gradient, sums over tokens, the head.
// Rows are f16, their width a multiple of 8.
#pragma once

#include "rows.cuh"

/// One block of Philox4x32-10 (support/random.hpp): four words.
DEVICE uint4v philox(uint4v x, unsigned key0, unsigned key1) {
#pragma unroll
  for (int round = 0; round < 10; ++round) {
    const unsigned long long a = 0xD2511F53ULL * x.x, b = 0xCD9E8D57ULL * x.z;
    x = uint4v{static_cast<unsigned>(b >> 32) ^ x.y ^ key0, static_cast<unsigned>(b),
               static_cast<unsigned>(a >> 32) ^ x.w ^ key1, static_cast<unsigned>(a)};
    key0 += 0x9E3779B9U;
    key1 += 0xBB67AE85U;
  }
  return x;
}

/// bits[g] = for each of the 32 elements of group g of a stream whether dropout keeps it (kernels/dropout_mask.hpp):
/// its random word is not below `threshold`. Word 8 w + i of a group is word w of block 8 g + i.
KERNEL(256, 4)
dropout_mask(unsigned* bits, int groups, unsigned key0, unsigned key1, unsigned counter1, unsigned counter2,
             unsigned counter3, unsigned threshold) {
  const int group = block_x() * 256 + thread();
  if (group >= groups)
    return;
  unsigned kept = 0;
#pragma unroll 1
  for (int i = 0; i < 8; ++i) {
    const uint4v words = philox(uint4v{static_cast<unsigned>(group) * 8 + i, counter1, counter2, counter3}, key0, key1);
#pragma unroll
    for (int w = 0; w < 4; ++w)
      kept |= static_cast<unsigned>(words[w] >= threshold) << (8 * w + i);
  }
  bits[group] = kept;
}

/// Multiplies the eight numbers of chunk `chunk` of all chunks by their masks' factors.
DEVICE void drop_chunk(float2v (&numbers)[4], const unsigned* mask, long long chunk, float kept_scale) {
  const unsigned bits = mask[chunk / 4] >> (chunk % 4 * 8);
#pragma unroll
  for (int i = 0; i < 4; ++i)
    numbers[i] *=
        float2v{(bits >> (2 * i) & 1) != 0 ? kept_scale : 0.0F, (bits >> (2 * i + 1) & 1) != 0 ? kept_scale : 0.0F};
}

/// y = x with dropout; x and y may be the same. `chunks` of eight elements.
KERNEL(256, 4) drop(const half* x, const unsigned* mask, half* y, int chunks, float kept_scale) {
  const int chunk = block_x() * 256 + thread();
  if (chunk >= chunks)
    return;
  float2v numbers[4] = {};
  add_chunk(numbers, x, chunk);
  drop_chunk(numbers, mask, chunk, kept_scale);
  store_chunk(y, chunk, numbers, 0);
}

DEVICE void store_chunk(float* row, int chunk, const float2v (&numbers)[4]) {
#pragma unroll
  for (int i = 0; i < 2; ++i)
    *reinterpret_cast<float4v*>(row + chunk * 8 + i * 4) =
        float4v{numbers[i * 2].x, numbers[i * 2].y, numbers[i * 2 + 1].x, numbers[i * 2 + 1].y};
}

/// The same in f32, in place, and rounded in y.
KERNEL(256, 4) drop_wide(float* x, const unsigned* mask, half* y, int chunks, float kept_scale) {
  const int chunk = block_x() * 256 + thread();
  if (chunk >= chunks)
    return;
  float2v numbers[4] = {};
  add_chunk(numbers, x, chunk);
  drop_chunk(numbers, mask, chunk, kept_scale);
  store_chunk(x, chunk, numbers);
  store_chunk(y, chunk, numbers, 0);
}

/// The sum of the tables' rows of each token, in f32; null tables are skipped. Goes to sum or, if that is null, rounded
/// to halves.
KERNEL(kRowWarps* kWarp, 4)
embed_wide(const float* words, const float* positions, const float* types, const int* ids, const int* places,
           const int* type_ids, float* sum, half* halves, int tokens, int width) {
  const LookedUp<float> rows{words, positions, types, ids, places, type_ids, width};
  const int token = warp_row();
  if (token >= tokens)
    return;
  for (int chunk = lane(); chunk < width / 8; chunk += kWarp) {
    float2v total[4] = {};
    rows.add_to(total, token, chunk);
    if (sum != nullptr)
      store_chunk(sum + static_cast<long long>(token) * width, chunk, total);
    else
      store_chunk(halves + static_cast<long long>(token) * width, chunk, total, 0);
  }
}

/// Layer norm of rows of f32: y rounded, and not rounded in `wide` unless that is null; statistics[row] = mean,
/// 1 / deviation. x and wide may be the same. Width is at most 2048.
KERNEL(kRowWarps* kWarp, 2)
layer_norm_wide(const float* x, const float* weight, const float* bias, half* y, float* wide, float* statistics,
                int rows, int width, float eps) {
  const int row = warp_row();
  if (row >= rows)
    return;
  const long long first = static_cast<long long>(row) * width;
  CentredRow values(width, [&](int chunk, float2v(&numbers)[4]) { add_chunk(numbers, x + first, chunk); });
  const float factor = values.centre(eps);
  if (lane() == 0)
    *reinterpret_cast<float2v*>(statistics + row * 2LL) = float2v{values.mean, factor};
  values.scale(factor, weight, bias, [&](int chunk, const float2v(&numbers)[4]) {
    store_chunk(y + first, chunk, numbers, 0);
    if (wide != nullptr)
      store_chunk(wide + first, chunk, numbers);
  });
}

/// The gradient dx of a layer norm's input x (f32) from dy, that of its result, and dropped = dx with dropout, if
/// wanted:
///   dx = (g - mean(g) - z mean(g z)) rstd,  g = dy weight,  z = (x - mean) rstd
/// statistics[row] = mean, rstd. Width is at most 2048. dx and dy may be the same.
KERNEL(kRowWarps* kWarp, 2)
layer_norm_gradient(const float* x, const float* statistics, const float* weight, const half* dy, half* dx,
                    half* dropped, const unsigned* mask, int rows, int width, float kept_scale) {
  const int row = warp_row();
  if (row >= rows)
    return;
  const long long first = static_cast<long long>(row) * width;
  const float2v stats = *reinterpret_cast<const float2v*>(statistics + row * 2LL);
  const int chunks = width / 8;
  const auto read = [&](int chunk, float2v(&z)[4], float2v(&g)[4]) {
    add_chunk(z, x + first, chunk);
    add_chunk(g, dy + first, chunk);
#pragma unroll
    for (int i = 0; i < 4; ++i) {
      z[i] = (z[i] - stats.x) * stats.y;
      g[i] *= *reinterpret_cast<const float2v*>(weight + chunk * 8 + i * 2);
    }
  };
  float sum = 0, product = 0;
  for (int chunk = lane(); chunk < chunks; chunk += kWarp) {
    float2v z[4] = {}, g[4] = {};
    read(chunk, z, g);
#pragma unroll
    for (int i = 0; i < 4; ++i) {
      sum += g[i].x + g[i].y;
      product += g[i].x * z[i].x + g[i].y * z[i].y;
    }
  }
  const float mean = sum_over(sum) / static_cast<float>(width), slope = sum_over(product) / static_cast<float>(width);
  for (int chunk = lane(); chunk < chunks; chunk += kWarp) {
    float2v z[4] = {}, g[4] = {};
    read(chunk, z, g);
#pragma unroll
    for (int i = 0; i < 4; ++i)
      g[i] = (g[i] - mean - z[i] * slope) * stats.y;
    store_chunk(dx + first, chunk, g, 0);
    if (dropped == nullptr)
      continue;
    drop_chunk(g, mask, static_cast<long long>(row) * chunks + chunk, kept_scale);
    store_chunk(dropped + first, chunk, g, 0);
  }
}

/// Sums over rows in two steps, in a fixed order. First: each block sums kSummedRows rows of 64 columns,
///   parts[block_y][c] = sum of dy[row][c],  and, with x, parts[parts + block_y][c] = sum of dy z  (z as above).
/// dy's rows are `stride` apart, x's `width`. Grid: [columns / 64, parts].
constexpr int kSummedRows = 256;
KERNEL(256, 4)
column_sums(const half* dy, const float* x, const float* statistics, float* parts, int rows, int width, int stride) {
  SHARED static float2v sums[2][8][32];
  const int column = block_x() * 64 + lane() * 2, line = thread() / kWarp;
  float2v sum = {}, product = {};
  if (column < width)
    for (int row = block_y() * kSummedRows + line; row < least(rows, (block_y() + 1) * kSummedRows); row += 8) {
      const float2v g = unpack(*reinterpret_cast<const unsigned*>(dy + static_cast<long long>(row) * stride + column));
      sum += g;
      if (x == nullptr)
        continue;
      const float2v stats = *reinterpret_cast<const float2v*>(statistics + row * 2LL);
      const float2v value = *reinterpret_cast<const float2v*>(x + static_cast<long long>(row) * width + column);
      product += g * ((value - stats.x) * stats.y);
    }
  sums[0][line][lane()] = sum;
  sums[1][line][lane()] = product;
  block_barrier();
  if (line >= (x == nullptr ? 1 : 2) || column >= width)
    return;
  float2v total = {};
#pragma unroll
  for (int i = 0; i < 8; ++i)
    total += sums[line][i][lane()];
  const int count = (rows + kSummedRows - 1) / kSummedRows;
  *reinterpret_cast<float2v*>(parts + (static_cast<long long>(line) * count + block_y()) * width + column) = total;
}

/// Second: to[c] (+)= the sum of `count` parts.
KERNEL(256, 4) add_parts(const float* parts, int count, float* to, int width, int add) {
  const int column = block_x() * 256 + thread();
  if (column >= width)
    return;
  float total = add != 0 ? to[column] : 0.0F;
  for (int part = 0; part < count; ++part)
    total += parts[static_cast<long long>(part) * width + column];
  to[column] = total;
}

/// Gradients of a table's rows: to[rows[u]] += the sum of d[order[i]] for i from starts[u] to starts[u + 1]; `count`
/// different rows. `columns` of them are the table's, whose rows are `width` apart, like d's.
KERNEL(kRowWarps* kWarp, 4)
add_rows(const half* d, const int* order, const int* starts, const int* rows, float* to, int count, int width) {
  const int unique = warp_row();
  if (unique >= count)
    return;
  const int begin = starts[unique], end = starts[unique + 1];
  float* const row = to + static_cast<long long>(rows[unique]) * width;
  for (int chunk = lane(); chunk < width / 8; chunk += kWarp) {
    float2v total[4] = {};
    for (int i = begin; i < end; ++i)
      add_chunk(total, d + static_cast<long long>(order[i]) * width, chunk);
#pragma unroll
    for (int i = 0; i < 4; ++i)
      *reinterpret_cast<float2v*>(row + chunk * 8 + i * 2) += total[i];
  }
}

/// Clears the rows of a table that `rows` lists.
KERNEL(kRowWarps* kWarp, 4) clear_rows(float* table, const int* rows, int count, int width) {
  const int row = warp_row();
  if (row >= count)
    return;
  float* const to = table + static_cast<long long>(rows[row]) * width;
  for (int column = lane(); column < width; column += kWarp)
    to[column] = 0;
}

/// parts[row] = the sum of the squares of a row of a table that `rows` lists.
KERNEL(kRowWarps* kWarp, 4) square_rows(const float* table, const int* rows, float* parts, int count, int width) {
  const int row = warp_row();
  if (row >= count)
    return;
  const float* const from = table + static_cast<long long>(rows[row]) * width;
  float sum = 0;
  for (int column = lane(); column < width; column += kWarp)
    sum = __builtin_fmaf(from[column], from[column], sum);
  sum = sum_over(sum);
  if (lane() == 0)
    parts[row] = sum;
}

/// to[i] += x[i], f16 to f32, for `pairs` of elements.
KERNEL(256, 4) add_halves(const half* x, float* to, int pairs) {
  const int pair = block_x() * 256 + thread();
  if (pair < pairs)
    reinterpret_cast<float2v*>(to)[pair] += unpack(reinterpret_cast<const unsigned*>(x)[pair]);
}

/// y = f16 of x, for `pairs` of elements.
KERNEL(256, 4) to_halves(const float* x, half* y, int pairs) {
  const int pair = block_x() * 256 + thread();
  if (pair < pairs)
    store_pair(y + pair * 2LL, reinterpret_cast<const float2v*>(x)[pair]);
}

/// Puts row s of dx to row offsets[s] of the rows of all tokens.
KERNEL(kRowWarps* kWarp, 4) spread_first(const half* dx, const int* offsets, half* all, int sequences, int width) {
  const int sequence = warp_row();
  if (sequence >= sequences)
    return;
  for (int chunk = lane(); chunk < width / 8; chunk += kWarp)
    *reinterpret_cast<uint4v*>(all + static_cast<long long>(offsets[sequence]) * width + chunk * 8) =
        chunk_of(dx + static_cast<long long>(sequence) * width, chunk);
}

/// The derivative of activation().
DEVICE float activation_slope(float x, int kind) {
  const auto sigmoid = [](float z) { return reciprocal(1.0F + exp2_approx(-z * kLog2e)); };
  switch (kind) {
  case 1:
    return gelu_slope(x);
  case 2: {
    const float s = sigmoid(1.5957691F * (x + 0.044715F * x * x * x));
    return s + x * s * (1.0F - s) * 1.5957691F * (1.0F + 0.134145F * x * x);
  }
  case 3: {
    const float s = sigmoid(2.0F * x);
    return 4.0F * s * (1.0F - s);
  }
  case 4:
    return x > 0 ? 1.0F : 0.0F;
  case 5: {
    const float s = sigmoid(x);
    return s + x * s * (1.0F - s);
  }
  case 6: {
    const float s = sigmoid(x);
    return s * (1.0F - s);
  }
  default:
    return 1;
  }
}

/// pooled = activation(x), with dropout unless mask is null. `chunks` of eight elements.
KERNEL(256, 4)
pool(const half* x, const unsigned* mask, half* pooled, int chunks, int kind, float kept_scale) {
  const int chunk = block_x() * 256 + thread();
  if (chunk >= chunks)
    return;
  float2v numbers[4] = {};
  add_chunk(numbers, x, chunk);
#pragma unroll
  for (float2v& pair : numbers)
    pair = float2v{activation(pair.x, kind), activation(pair.y, kind)};
  if (mask != nullptr)
    drop_chunk(numbers, mask, chunk, kept_scale);
  store_chunk(pooled, chunk, numbers, 0);
}

/// From the gradients of the logits: dx, those of pool's x; and those of the classifier, in f32:
///   d_weight[c] (+)= sum over s of d_logits[s] pooled[s][c],  d_bias (+)= sum of d_logits[s].
/// A thread takes two columns of all sequences.
KERNEL(256, 2)
classify_gradient(const float* d_logits, const half* x, const half* pooled, const unsigned* mask, const float* weight,
                  half* dx, float* d_weight, float* d_bias, int sequences, int width, int kind, float kept_scale,
                  int add) {
  const int column = (block_x() * 256 + thread()) * 2;
  if (column >= width)
    return;
  const float2v own = *reinterpret_cast<const float2v*>(weight + column);
  float2v sum = {};
  float bias = 0;
  for (int s = 0; s < sequences; ++s) {
    const long long at = static_cast<long long>(s) * width + column;
    const float d = d_logits[s];
    const float2v before = unpack(*reinterpret_cast<const unsigned*>(x + at));
    sum += d * unpack(*reinterpret_cast<const unsigned*>(pooled + at));
    bias += d;
    float2v slope = own * d;
    slope *= float2v{activation_slope(before.x, kind), activation_slope(before.y, kind)};
    if (mask != nullptr) {
      const unsigned bits = mask[at / 32] >> (at % 32);
      slope *= float2v{(bits & 1) != 0 ? kept_scale : 0.0F, (bits & 2) != 0 ? kept_scale : 0.0F};
    }
    store_pair(dx + at, slope);
  }
  float2v* const to = reinterpret_cast<float2v*>(d_weight + column);
  *to = add != 0 ? *to + sum : sum;
  if (column == 0)
    *d_bias = add != 0 ? *d_bias + bias : bias;
}

// Disentangled attention in training. The relative terms come as strips that products made before:
// c2p[token][head][row] and p2c likewise, scaled, in f16, for the table's rows in reach of the batch's longest
// sequence. A block of scores picks one element of each by the row of its distance, as in attention.cuh.
//
// The forward pass keeps the logarithm of each query's sum. The backward pass computes the scores again, in two kernels
// that each own their rows, 64 of a sequence and head, sixteen a warp, and see the others in blocks of 64: queries (dq,
// d_c2p), and keys (dk, dv, d_p2c). Nothing is added by two blocks. What a strip's gradient means for queries, keys and
// tables is again a product.
#pragma once

#include "training_scores.cuh"

template <int kDim>
struct TrainingForward : OwnedScores<kDim, false> {
  using Base = OwnedScores<kDim, false>;
  using Base::a, Base::first, Base::kBlock, Base::kTiles, Base::length;
  using Base::Base;

  /// Grid: [blocks, heads].
  METHOD void run() const {
    SHARED static half own_strips[Base::kWarps * Base::kStripElements] __attribute__((aligned(16)));
    SHARED static half other_strips[Base::kWarps * Base::kStripElements] __attribute__((aligned(16)));
    SHARED static char values[kBlock * kDim * 2] __attribute__((aligned(16)));
    SHARED static unsigned short rows[2 * kBlock];
    const typename Base::Matrix k = this->matrix(a.k, a.qkv_stride);
    const int own = first + thread() / kWarp * 16;
    const typename Base::Rows query(this->matrix(a.q, a.qkv_stride), own, length);
    Tile context[kDim / 8];
#pragma unroll
    for (Tile& tile : context)
      tile = {};
    float most[2] = {-__builtin_inff(), -__builtin_inff()}, sum[2] = {0, 0};
    for (int key = 0; key < length; key += kBlock) {
      block_barrier(); // the last block's shared memory has been read
      this->prepare(rows, own_strips, other_strips, key);
      this->copy_block(values, this->matrix(a.v, a.qkv_stride), key);
      block_barrier();
      Tile scores[kTiles];
      this->multiply_rows(scores, query, k, key, length);
      this->add_terms(scores, this->strips(rows, own_strips, other_strips));
      soften(scores, context, most, sum, own, key);
      this->multiply_block(context, scores, values);
    }
    sum[0] = sum_over<4>(sum[0]);
    sum[1] = sum_over<4>(sum[1]);
    this->store_rows(this->matrix(a.context, a.context_stride), own, context, {reciprocal(sum[0]), reciprocal(sum[1])});
    if (lane() % 4 == 0)
#pragma unroll
      for (int i = 0; i < 2; ++i)
        if (const int row = own + lane() / 4 + i * 8; row < length)
          a.log_sums[static_cast<long long>(this->head) * a.tokens + this->begin + row] = most[i] + log2_approx(sum[i]);
  }

  /// Online softmax: scores become probabilities times the sums so far, with dropout.
  METHOD void soften(Tile (&scores)[kTiles], Tile (&context)[kDim / 8], float (&most)[2], float (&sum)[2], int own,
                     int key) const {
#pragma unroll
    for (int i = 0; i < 2; ++i) {
      float now = most[i];
#pragma unroll
      for (int j = 0; j < kTiles; ++j)
#pragma unroll
        for (int e = 0; e < 2; ++e) {
          float& score = scores[j].at[i * 2 + e];
          if (key + j * 8 + lane() % 4 * 2 + e >= length)
            score = -__builtin_inff();
          now = greatest(now, score);
        }
      now = greatest(now, shuffle_xor(now, 1));
      now = greatest(now, shuffle_xor(now, 2));
      const float shrink = exp2_approx(most[i] - now); // the first time: 2^-inf
      most[i] = now;
      sum[i] *= shrink;
#pragma unroll
      for (Tile& tile : context) {
        tile.at[i * 2] *= shrink;
        tile.at[i * 2 + 1] *= shrink;
      }
      const int query = least(own + lane() / 4 + i * 8, length - 1);
#pragma unroll
      for (int part = 0; part < kTiles; part += 4) {
        const unsigned bits = a.mask != nullptr ? this->kept_keys(query, key + part * 8) : 0;
#pragma unroll
        for (int j = 0; j < 4; ++j)
#pragma unroll
          for (int e = 0; e < 2; ++e) {
            float& score = scores[part + j].at[i * 2 + e];
            score = exp2_approx(score - now);
            sum[i] += score;
            if (a.mask != nullptr)
              score *= this->kept_factor(bits >> (j * 8 + lane() % 4 * 2 + e));
          }
      }
    }
  }
};

template <int kDim, bool kKeys>
struct TrainingBackward : OwnedScores<kDim, kKeys> {
  using Base = OwnedScores<kDim, kKeys>;
  using Base::a, Base::first, Base::kBlock, Base::kTiles, Base::length;
  using Base::Base;
  static constexpr int kHalf = kTiles / 2, kPitch = kBlock + 8, kSlopes = 16 * kPitch;
  /// Whether scores' gradients have shared memory of their own. Two blocks would not fit a T4 with it (of keys with
  /// wide heads one fits anyway): there they wait in registers until the strips have been read.
#if __CUDA_ARCH__ >= 800
  static constexpr bool kKeeps = true;
#else
  static constexpr bool kKeeps = kKeys && kDim == 64;
#endif

  /// Grid: [blocks, heads].
  METHOD void run() const {
    SHARED static half own_strips[Base::kWarps * Base::kStripElements] __attribute__((aligned(16)));
    SHARED static half other_strips[Base::kWarps * Base::kStripElements] __attribute__((aligned(16)));
    SHARED static char other_rows[kBlock * kDim * 2] __attribute__((aligned(16)));
    SHARED static char other_gradients[kKeys ? kBlock * kDim * 2 : 16] __attribute__((aligned(16)));
    SHARED static half kept_slopes[kKeeps ? Base::kWarps * kSlopes : 2] __attribute__((aligned(16)));
    SHARED static unsigned short rows[2 * kBlock];
    const typename Base::Matrix q = this->matrix(a.q, a.qkv_stride), k = this->matrix(a.k, a.qkv_stride),
                                v = this->matrix(a.v, a.qkv_stride),
                                d_context = this->matrix(a.d_context, a.context_stride);
    const int own = first + thread() / kWarp * 16;
    const typename Base::Rows own_row(kKeys ? k : q, own, length), own_gradient(kKeys ? v : d_context, own, length);
    half* const d_strips = kKeys ? a.d_p2c : a.d_c2p;
    if (d_strips != nullptr)
      clear_strips(d_strips, own);
    Tile d_own[kDim / 8], d_value[kKeys ? kDim / 8 : 1];
#pragma unroll
    for (Tile& tile : d_own)
      tile = {};
#pragma unroll
    for (Tile& tile : d_value)
      tile = {};
#pragma unroll 1
    for (int other = 0; other < length; other += kBlock) {
      block_barrier(); // the last block's shared memory has been read
      this->prepare(rows, own_strips, other_strips, other);
      this->copy_block(other_rows, kKeys ? q : k, other);
      if (kKeys)
        this->copy_block(other_gradients, d_context, other);
      block_barrier();
      const ScoreStrips strips = this->strips(rows, own_strips, other_strips);
      half* const slopes_of_warp = kKeeps ? kept_slopes + thread() / kWarp * kSlopes : strips.own;
      unsigned packed[kKeeps ? 1 : 2][kTiles];
#pragma unroll kKeeps ? 1 : 2
      for (int part = 0; part < 2; ++part) { // half of the block at a time, for want of registers
        const int at = other + part * kHalf * 8;
        Tile scores[kHalf], slopes[kHalf];
        this->multiply_rows(scores, own_row, kKeys ? q : k, at, length);
        this->add_terms(scores, strips, part * kHalf);
        this->multiply_rows(slopes, own_gradient, kKeys ? d_context : v, at, length);
        differentiate(scores, slopes, own, at);
        if constexpr (kKeys)
          this->multiply_block(d_value, scores, other_gradients, part * kHalf * 8);
        this->multiply_block(d_own, slopes, other_rows, part * kHalf * 8);
#pragma unroll
        for (int j = 0; j < kTiles; ++j)
          packed[kKeeps ? 0 : part][j] = pack(slopes[j / 2].at[j % 2 * 2], slopes[j / 2].at[j % 2 * 2 + 1]);
        if constexpr (kKeeps)
          keep(slopes_of_warp, packed[0], part);
      }
      if constexpr (!kKeeps) { // the strips are no longer read
        warp_barrier();
        keep(slopes_of_warp, packed[0], 0);
        keep(slopes_of_warp, packed[1], 1);
      }
      if (d_strips != nullptr)
        add_to_strips(d_strips, slopes_of_warp, own, other);
    }
    half* const to = kKeys ? a.d_k : a.d_q;
    this->store_rows(this->matrix(to, a.qkv_stride), own, d_own, {a.scale, a.scale});
    if constexpr (kKeys)
      this->store_rows(this->matrix(a.d_v, a.qkv_stride), own, d_value, {1.0F, 1.0F});
  }

  /// scores become the probabilities with dropout, slopes (of those) the gradients of the scores.
  template <int kCount>
  METHOD void differentiate(Tile (&scores)[kCount], Tile (&slopes)[kCount], int own, int other) const {
    static_assert(kCount == 4); // 32 bits of a mask
    float sums[2], dots[2];
    unsigned bits[2] = {};
    const auto read = [&](int i, int token) {
      sums[i] = this->number_of(a.log_sums, least(token, length - 1));
      dots[i] = this->number_of(a.dots, least(token, length - 1));
    };
    if (!kKeys)
#pragma unroll
      for (int i = 0; i < 2; ++i) {
        read(i, own + lane() / 4 + i * 8);
        if (a.mask != nullptr)
          bits[i] = this->kept_keys(least(own + lane() / 4 + i * 8, length - 1), other);
      }
#pragma unroll
    for (int j = 0; j < kCount; ++j) {
      const int column = other + j * 8 + lane() % 4 * 2;
      if (kKeys)
#pragma unroll
        for (int i = 0; i < 2; ++i)
          read(i, column + i);
#pragma unroll
      for (int e = 0; e < 4; ++e) {
        const int own_token = own + lane() / 4 + e / 2 * 8, other_token = column + e % 2, i = kKeys ? e % 2 : e / 2;
        const bool inside = own_token < length && other_token < length;
        const float probability = inside ? exp2_approx(scores[j].at[e] - sums[i]) : 0.0F;
        float factor = 1;
        if (a.mask != nullptr && inside)
          factor = this->kept_factor(kKeys ? this->kept(other_token, own_token)
                                           : bits[e / 2] >> (j * 8 + lane() % 4 * 2 + e % 2));
        scores[j].at[e] = probability * factor;
        slopes[j].at[e] = probability * (slopes[j].at[e] * factor - dots[i]);
      }
    }
  }

  METHOD void clear_strips(half* d_strips, int own) const {
    const int chunks = a.strip_rows / 8;
#pragma unroll 1
    for (int row = own; row < least(own + 16, length); ++row)
#pragma unroll 1
      for (int chunk = lane(); chunk < chunks; chunk += kWarp)
        *reinterpret_cast<uint4v*>(this->strip_of(d_strips, row) + chunk * 8) = uint4v{0, 0, 0, 0};
    warp_barrier();
  }

  /// Half of a block's scores' gradients in the warp's memory: [16][kPitch].
  static METHOD void keep(half* to, const unsigned (&slopes)[kTiles], int part) {
#pragma unroll
    for (int j = 0; j < kHalf; ++j)
#pragma unroll
      for (int low = 0; low < 2; ++low)
        *reinterpret_cast<unsigned*>(to + (lane() / 4 + low * 8) * kPitch + (part * kHalf + j) * 8 + lane() % 4 * 2) =
            slopes[j * 2 + low];
  }

  /// Adds to the strips' gradients of this warp's rows: of all distances with the same row of the table.
  METHOD void add_to_strips(half* d_strips, const half* slopes, int own, int other) const {
    warp_barrier();
#pragma unroll 1
    for (int row = 0; row < 16 && own + row < length; ++row) {
      half* const to = this->strip_of(d_strips, own + row);
      // Column c of the block has the distance zero + c (keys) or zero - c (queries).
      const int zero = kKeys ? other - own - row : own + row - other;
      const int last = least(kBlock, length - other) - 1;
      const int low = this->row_of(kKeys ? zero : zero - last), high = this->row_of(kKeys ? zero + last : zero);
#pragma unroll 1
      for (int at = low + lane(); at <= high; at += kWarp) {
        // The distances of a row follow each other.
        const int nearest = a.first_distances[at], farthest = a.first_distances[at + 1] - 1;
        const int from = greatest(0, kKeys ? nearest - zero : zero - farthest),
                  to_column = least(last, kKeys ? farthest - zero : zero - nearest);
        float sum = other == 0 ? 0.0F : static_cast<float>(to[at]);
#pragma unroll 1
        for (int column = from; column <= to_column; ++column)
          sum += static_cast<float>(slopes[row * kPitch + column]);
        to[at] = static_cast<half>(sum);
      }
    }
    warp_barrier();
  }
};

/// dots[head][token] = d_context . context of that token and head: a thread each. Grid: [tokens / 256, heads].
KERNEL(256, 4)
attention_dots(const half* context, const half* d_context, float* dots, int tokens, int stride, int dim) {
  const int token = block_x() * 256 + thread();
  if (token >= tokens)
    return;
  const long long at = static_cast<long long>(token) * stride + block_y() * dim;
  float sum = 0;
  for (int i = 0; i < dim; i += 8) {
    const uint4v x = load_whole(context + at + i), y = load_whole(d_context + at + i);
#pragma unroll
    for (int j = 0; j < 4; ++j) {
      const float2v product = unpack(x[j]) * unpack(y[j]);
      sum += product.x + product.y;
    }
  }
  dots[static_cast<long long>(block_y()) * tokens + token] = sum;
}

#define TRAINING_ATTENTION_KERNEL(name, blocks, ...)                                                                   \
  KERNEL(128, blocks) name(TrainingAttention a) {                                                                      \
    const int number = thread();                                                                                       \
    __builtin_assume(number >= 0 && number < 128);                                                                     \
    __VA_ARGS__(a).run();                                                                                              \
  }
TRAINING_ATTENTION_KERNEL(attention_forward_32, 2, TrainingForward<32>)
TRAINING_ATTENTION_KERNEL(attention_forward_64, 2, TrainingForward<64>)
TRAINING_ATTENTION_KERNEL(attention_queries_32, 2, TrainingBackward<32, false>)
TRAINING_ATTENTION_KERNEL(attention_queries_64, 2, TrainingBackward<64, false>)
TRAINING_ATTENTION_KERNEL(attention_keys_32, 2, TrainingBackward<32, true>)
TRAINING_ATTENTION_KERNEL(attention_keys_64, 1, TrainingBackward<64, true>)

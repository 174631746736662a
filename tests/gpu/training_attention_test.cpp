// Training's attention, forward and backward, against the formulas in double on the same f16 numbers.
#include "checkpoint/relative_position.hpp"
#include "gpu/device_fixture.hpp"
#include "gpu/device_support.hpp"
#include "kernels/dropout_mask.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

#include <catch2/catch_test_macros.hpp>

using namespace sciexam;
using namespace sciexam::test;

namespace {

struct AttentionCase {
  std::vector<int> lengths;
  int heads = 2, dim = 64;
  bool c2p = true, p2c = true, dropout = true;
  int position_buckets = 16, max_position = 64;
};

double dot(const float* a, const float* b, int count) {
  return std::inner_product(a, a + count, b, 0.0, std::plus<>(),
                            [](float x, float y) { return static_cast<double>(x) * y; });
}

/// |found - expected| / |expected|, Euclidean norms; and infinite for a NaN.
double apart(const Numbers& found, const std::vector<double>& expected) {
  double difference = 0, all = 0;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    difference += (found.at(i) - expected[i]) * (found[i] - expected[i]);
    all += expected[i] * expected[i];
  }
  return std::isfinite(difference) ? std::sqrt(difference / all) : INFINITY;
}

constexpr float kKept = 1 / 0.7F;

class AttentionData {
public:
  explicit AttentionData(const AttentionCase& shape)
      : c(shape), width(static_cast<std::size_t>(shape.heads * shape.dim)), offsets(shape.lengths.size() + 1) {
    std::partial_sum(c.lengths.begin(), c.lengths.end(), offsets.begin() + 1);
    tokens = static_cast<std::size_t>(offsets.back());
    DebertaConfig config;
    config.relative_attention = true;
    config.position_buckets = c.position_buckets;
    config.max_relative_positions = c.max_position;
    longest = *std::max_element(c.lengths.begin(), c.lengths.end());
    rows = relative_rows_of(config, longest);
    const std::uint16_t first = rows.front();
    for (std::uint16_t& row : rows)
      row = static_cast<std::uint16_t>(row - first);
    strip_rows = (rows.back() + 8) / 8 * 8;
    first_distances.assign(static_cast<std::size_t>(strip_rows) + 1, longest);
    for (int distance = longest - 1; distance > -longest; --distance)
      first_distances[static_cast<std::size_t>(row_of(distance))] = distance;
    qkv = random_halves(tokens * 3 * width, 1, 1.2F);
    d_context = random_halves(tokens * width, 2);
    c2p = random_halves(tokens * static_cast<std::size_t>(c.heads * strip_rows), 3);
    p2c = random_halves(c2p.size(), 4);
    std::uint64_t elements = 0;
    for (const int length : c.lengths) {
      mask_begins.push_back(static_cast<std::int64_t>(elements));
      elements += (static_cast<std::uint64_t>(c.heads * length * length) + 31) / 32 * 32;
    }
    factors.assign(elements, 1);
    if (c.dropout)
      apply_dropout(stream, 0, 0.3, factors.data(), factors.data(), factors.size());
  }

  int row_of(int distance) const { return rows[static_cast<std::size_t>(distance + longest - 1)]; }
  double scale() const { return 1 / std::sqrt(static_cast<double>(c.dim * (1 + c.c2p + c.p2c))); }
  std::size_t token(std::size_t s, int i) const { return static_cast<std::size_t>(offsets[s] + i); }
  std::size_t at(std::size_t s, int i, int head) const {
    return token(s, i) * 3 * width + static_cast<std::size_t>(head * c.dim);
  }
  std::size_t strip_at(std::size_t s, int i, int head) const {
    return (token(s, i) * static_cast<std::size_t>(c.heads) + static_cast<std::size_t>(head)) *
           static_cast<std::size_t>(strip_rows);
  }

  AttentionCase c;
  std::size_t width, tokens = 0;
  std::vector<std::int32_t> offsets, first_distances;
  std::vector<std::int64_t> mask_begins;
  std::vector<std::uint16_t> rows;
  int longest = 0, strip_rows = 0;
  Numbers qkv, d_context, c2p, p2c, factors;
  RandomStream stream{77, {4, 1, 9}};
};

struct Twin {
  explicit Twin(const AttentionData& data)
      : context(data.d_context.size()), log_sums(data.tokens * static_cast<std::size_t>(data.c.heads)),
        d_qkv(data.qkv.size()), d_c2p(data.c2p.size()), d_p2c(data.c2p.size()) {
    for (std::size_t s = 0; s < data.c.lengths.size(); ++s)
      for (int head = 0; head < data.c.heads; ++head)
        for (int i = 0; i < data.c.lengths[s]; ++i)
          add_query(data, s, head, i);
  }

  std::vector<double> context, log_sums, d_qkv, d_c2p, d_p2c;

private:
  void add_query(const AttentionData& data, std::size_t s, int head, int i) {
    const int length = data.c.lengths[s], dim = data.c.dim;
    const auto columns = static_cast<std::size_t>(dim), width = data.width;
    const std::size_t own = data.at(s, i, head), out = data.token(s, i) * width + static_cast<std::size_t>(head * dim);
    std::vector<double> scores, slopes;
    for (int j = 0; j < length; ++j) {
      double score =
          dot(&data.qkv[own], &data.qkv[data.at(s, j, head) + width], dim) * data.scale() * std::numbers::log2e;
      const auto row = static_cast<std::size_t>(data.row_of(i - j));
      score += data.c.c2p ? data.c2p[data.strip_at(s, i, head) + row] : 0;
      score += data.c.p2c ? data.p2c[data.strip_at(s, j, head) + row] : 0;
      scores.push_back(score);
    }
    const double most = *std::max_element(scores.begin(), scores.end());
    double sum = 0, mean = 0;
    for (const double score : scores)
      sum += std::exp2(score - most);
    log_sums[static_cast<std::size_t>(head) * data.tokens + data.token(s, i)] = most + std::log2(sum);
    for (int j = 0; j < length; ++j) {
      const auto key = static_cast<std::size_t>(j);
      const std::size_t other = data.at(s, j, head);
      const double p = std::exp2(scores[key] - most) / sum;
      const auto element = static_cast<std::size_t>((head * length + i) * length + j);
      const float kept = data.factors[static_cast<std::size_t>(data.mask_begins[s]) + element];
      const double factor = data.c.dropout ? (kept == 0 ? 0 : kKept) : 1;
      slopes.push_back(dot(&data.d_context[out], &data.qkv[other + 2 * width], dim) * factor);
      mean += p * slopes.back();
      scores[key] = p;
      for (std::size_t d = 0; d < columns; ++d) {
        context[out + d] += p * factor * data.qkv[other + 2 * width + d];
        d_qkv[other + 2 * width + d] += p * factor * data.d_context[out + d];
      }
    }
    for (int j = 0; j < length; ++j) {
      const auto key = static_cast<std::size_t>(j), row = static_cast<std::size_t>(data.row_of(i - j));
      const std::size_t other = data.at(s, j, head);
      const double d_score = scores[key] * (slopes[key] - mean);
      for (std::size_t d = 0; d < columns; ++d) {
        d_qkv[own + d] += data.scale() * d_score * data.qkv[other + width + d];
        d_qkv[other + width + d] += data.scale() * d_score * data.qkv[own + d];
      }
      d_c2p[data.strip_at(s, i, head) + row] += d_score;
      d_p2c[data.strip_at(s, j, head) + row] += d_score;
    }
  }
};

void check(const AttentionCase& shape) {
  INFO("heads of " << shape.dim << ", first length " << shape.lengths.front() << ", c2p " << shape.c2p << ", p2c "
                   << shape.p2c << ", dropout " << shape.dropout);
  const AttentionData data(shape);
  const TrainingKernels& kernels = training_kernels();
  std::vector<std::int32_t> blocks;
  for (std::size_t s = 0; s < shape.lengths.size(); ++s)
    for (int first = 0; first < shape.lengths[s]; first += 64)
      blocks.insert(blocks.end(), {static_cast<std::int32_t>(s), first});
  const auto empty = [](std::size_t count) { return DeviceArray::halves(Numbers(count, -7)); };
  const DeviceArray qkv = DeviceArray::halves(data.qkv), d_context = DeviceArray::halves(data.d_context),
                    c2p = DeviceArray::halves(data.c2p), p2c = DeviceArray::halves(data.p2c),
                    rows = DeviceArray::integers(data.rows), distances = DeviceArray::integers(data.first_distances),
                    on_blocks = DeviceArray::integers(blocks), offsets = DeviceArray::integers(data.offsets),
                    bits = DeviceArray::integers(std::vector<std::uint32_t>(data.factors.size() / 32 + 1)),
                    begins = DeviceArray::integers(data.mask_begins), context = empty(data.d_context.size()),
                    d_qkv = empty(data.qkv.size()), d_c2p = empty(data.c2p.size()), d_p2c = empty(data.p2c.size()),
                    log_sums = DeviceArray::floats(Numbers(data.tokens * static_cast<std::size_t>(shape.heads))),
                    dots = DeviceArray::floats(Numbers(data.tokens * static_cast<std::size_t>(shape.heads)));
  kernels.dropout_mask(bits, data.factors.size(), data.stream.key, data.stream.counter, 0.3, nullptr);
  const bool relative = shape.c2p || shape.p2c;
  TrainingAttention call{};
  call.q = qkv;
  call.k = qkv + 2 * data.width;
  call.v = qkv + 4 * data.width;
  call.c2p = shape.c2p ? c2p.address() : 0;
  call.p2c = shape.p2c ? p2c.address() : 0;
  call.row_of_distance = relative ? rows + 2 * static_cast<std::uint64_t>(data.longest - 1) : 0;
  call.first_distances = distances;
  call.blocks = on_blocks;
  call.offsets = offsets;
  call.mask = shape.dropout ? bits.address() : 0;
  call.mask_begins = begins;
  call.context = context;
  call.log_sums = log_sums;
  call.d_context = d_context;
  call.dots = dots;
  call.d_q = d_qkv;
  call.d_k = d_qkv + 2 * data.width;
  call.d_v = d_qkv + 4 * data.width;
  call.d_c2p = shape.c2p ? d_c2p.address() : 0;
  call.d_p2c = shape.p2c ? d_p2c.address() : 0;
  call.tokens = static_cast<int>(data.tokens);
  call.qkv_stride = static_cast<int>(3 * data.width);
  call.context_stride = static_cast<int>(data.width);
  call.strip_rows = data.strip_rows;
  call.scale = static_cast<float>(data.scale());
  call.kept_scale = kKept;
  const auto count = static_cast<int>(blocks.size() / 2);
  kernels.attention_forward(call, count, shape.heads, shape.dim, nullptr);
  kernels.attention_dots(context, d_context, dots, call.tokens, shape.heads, shape.dim, nullptr);
  kernels.attention_backward(call, count, shape.heads, shape.dim, nullptr);

  const Twin twin(data);
  CHECK(apart(context.read(), twin.context) < 1e-3);
  CHECK(apart(log_sums.read(), twin.log_sums) < 1e-5);
  CHECK(apart(d_qkv.read(), twin.d_qkv) < 1e-3);
  if (shape.c2p)
    CHECK(apart(d_c2p.read(), twin.d_c2p) < 1e-3);
  if (shape.p2c)
    CHECK(apart(d_p2c.read(), twin.d_p2c) < 1e-3);
}

} // namespace

TEST_CASE("training's attention and its gradients equal the formula, with and without each term and dropout") {
  check({.lengths = {7, 33}});
  check({.lengths = {64, 1, 5}, .dim = 32});
  check({.lengths = {33}, .p2c = false});
  check({.lengths = {33}, .dim = 32, .c2p = false, .dropout = false});
  check({.lengths = {65}, .heads = 1, .c2p = false, .p2c = false});
}

TEST_CASE("training's attention and its gradients equal the formula over several blocks and both saturated ends") {
  check({.lengths = {129, 70}, .heads = 1});
  check({.lengths = {200}, .heads = 1, .dim = 32, .position_buckets = 8, .max_position = 16});
  check({.lengths = {130}, .heads = 1, .position_buckets = -1, .max_position = 512});
}

TEST_CASE("training's attention equals the formula for 512 tokens") {
  check({.lengths = {512}, .heads = 1, .position_buckets = 256, .max_position = 512});
}

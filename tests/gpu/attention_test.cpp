// The attention kernel against the formula in double, on the same f16 numbers.
#include "checkpoint/relative_position.hpp"
#include "gpu/device_fixture.hpp"
#include "gpu/device_support.hpp"

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
  bool c2p = true, p2c = true, first_tokens_only = false;
  int position_buckets = 16, max_position = 64;
};

/// The numbers of one call: q, k and v side by side, as the network has them, or q alone for first tokens.
struct AttentionData {
  explicit AttentionData(const AttentionCase& shape)
      : call(shape), width(static_cast<std::size_t>(shape.heads * shape.dim)), offsets(shape.lengths.size() + 1) {
    std::partial_sum(shape.lengths.begin(), shape.lengths.end(), offsets.begin() + 1);
    config.relative_attention = true;
    config.position_buckets = shape.position_buckets;
    config.max_relative_positions = shape.max_position;
    longest = *std::max_element(shape.lengths.begin(), shape.lengths.end());
    const auto tokens = static_cast<std::size_t>(offsets.back());
    const auto random = parts() ? random_floats : random_halves;
    qkv = random(tokens * 3 * width, 1, 1.5F);
    first_q = random(shape.lengths.size() * width, 2, 1.5F);
    key_table = random(static_cast<std::size_t>(config.relative_rows()) * width, 3, 1.5F);
    query_table = random(key_table.size(), 4, 1.5F);
    queries = shape.first_tokens_only ? shape.lengths.size() : tokens;
  }

  AttentionCase call;
  std::size_t width;
  std::vector<std::int32_t> offsets;
  DebertaConfig config;
  std::int32_t longest = 0;
  Numbers qkv, first_q, key_table, query_table;
  std::size_t queries = 0;

  bool parts() const { return call.dim == 32; } ///< two f16 make a number
  double scale() const { return 1 / std::sqrt(static_cast<double>(call.dim * (1 + call.c2p + call.p2c))); }
  const float* q(std::size_t sequence, int i, std::size_t head) const {
    return call.first_tokens_only ? &first_q[sequence * width + head] : &qkv[token(sequence, i) * 3 * width + head];
  }
  const float* k(std::size_t sequence, int j, std::size_t head) const {
    return &qkv[token(sequence, j) * 3 * width + width + head];
  }
  const float* v(std::size_t sequence, int j, std::size_t head) const { return k(sequence, j, head) + width; }
  std::size_t token(std::size_t sequence, int i) const { return static_cast<std::size_t>(offsets[sequence] + i); }
};

double dot(const float* a, const float* b, int count) {
  return std::inner_product(a, a + count, b, 0.0, std::plus<>(),
                            [](float x, float y) { return static_cast<double>(x) * y; });
}

/// The scores of one query, as probabilities.
std::vector<double> probabilities(const AttentionData& data, std::size_t s, int i, std::size_t head) {
  const AttentionCase& call = data.call;
  std::vector<double> scores;
  for (int j = 0; j < call.lengths[s]; ++j) {
    const std::size_t row = static_cast<std::size_t>(relative_row(i - j, data.config)) * data.width + head;
    double score = dot(data.q(s, i, head), data.k(s, j, head), call.dim);
    if (call.c2p)
      score += dot(data.q(s, i, head), &data.key_table[row], call.dim);
    if (call.p2c)
      score += dot(data.k(s, j, head), &data.query_table[row], call.dim);
    scores.push_back(score * data.scale());
  }
  const double most = *std::max_element(scores.begin(), scores.end());
  double sum = 0;
  for (double& score : scores)
    sum += score = std::exp(score - most);
  for (double& score : scores)
    score /= sum;
  return scores;
}

std::vector<double> twin(const AttentionData& data) {
  std::vector<double> context(data.queries * data.width);
  for (std::size_t s = 0; s < data.call.lengths.size(); ++s)
    for (int i = 0; i < (data.call.first_tokens_only ? 1 : data.call.lengths[s]); ++i)
      for (std::size_t head = 0; head < data.width; head += static_cast<std::size_t>(data.call.dim)) {
        const std::vector<double> weights = probabilities(data, s, i, head);
        const std::size_t row = data.call.first_tokens_only ? s : data.token(s, i);
        for (int j = 0; j < data.call.lengths[s]; ++j)
          for (int d = 0; d < data.call.dim; ++d)
            context[row * data.width + head + static_cast<std::size_t>(d)] +=
                weights[static_cast<std::size_t>(j)] * data.v(s, j, head)[d];
      }
  return context;
}

Numbers on_device(const AttentionData& data) {
  const AttentionCase& call = data.call;
  std::vector<std::int32_t> blocks;
  for (std::size_t s = 0; s < call.lengths.size(); ++s)
    for (int query = 0; query < (call.first_tokens_only ? 1 : call.lengths[s]); query += 64) {
      blocks.push_back(static_cast<std::int32_t>(s));
      blocks.push_back(query);
    }
  const auto copy = [&](const Numbers& all, std::size_t width) {
    return DeviceArray::halves(data.parts() ? in_parts(all, width) : all);
  };
  const DeviceArray qkv = copy(data.qkv, 3 * data.width), first_q = copy(data.first_q, data.width),
                    key_table = copy(data.key_table, data.width), query_table = copy(data.query_table, data.width),
                    rows = DeviceArray::integers(relative_rows_of(data.config, data.longest)),
                    on_blocks = DeviceArray::integers(blocks), offsets = DeviceArray::integers(data.offsets),
                    context = copy(Numbers(data.queries * data.width, -7), data.width);
  const int parts = data.parts() ? 2 : 1;
  Attention attention{};
  attention.q = call.first_tokens_only ? first_q.address() : qkv.address();
  attention.k = qkv + 2 * data.width;
  attention.v = qkv + 4 * data.width;
  attention.q_stride = static_cast<int>(data.width) * (call.first_tokens_only ? 1 : 3) * parts;
  attention.kv_stride = static_cast<int>(data.width) * 3 * parts;
  attention.key_table = call.c2p ? key_table.address() : 0;
  attention.query_table = call.p2c ? query_table.address() : 0;
  attention.table_rows = static_cast<int>(data.config.relative_rows());
  attention.row_of_distance = call.c2p || call.p2c ? rows + 2 * static_cast<std::uint64_t>(data.longest - 1) : 0;
  attention.blocks = on_blocks;
  attention.offsets = offsets;
  attention.context = context;
  attention.first_tokens_only = static_cast<int>(call.first_tokens_only);
  attention.scale = static_cast<float>(data.scale() * std::numbers::log2e);
  device_kernels().attention(attention, static_cast<int>(blocks.size() / 2), call.heads, call.dim, nullptr);
  return data.parts() ? joined(context.read(), data.width) : context.read();
}

/// The probabilities are rounded to f16 on the way, with heads of 64 the terms and the context too, with heads of 32
/// the values: a few steps of the values' size.
void check_attention(const AttentionCase& call) {
  const AttentionData data(call);
  INFO(call.lengths.size() << " sequences, the first of " << call.lengths[0] << "; heads of " << call.dim << ", c2p "
                           << call.c2p << ", p2c " << call.p2c << ", first tokens " << call.first_tokens_only
                           << ", buckets " << call.position_buckets);
  CHECK(halves_apart(on_device(data), twin(data)) < (data.parts() ? 1 : 4));
}

} // namespace

TEST_CASE("attention equals its twin for every number of tokens, and heads of 32 and 64") {
  for (const int dim : {32, 64})
    for (const std::vector<int>& lengths :
         std::vector<std::vector<int>>{{1}, {7}, {33}, {64}, {129}, {5, 70, 1, 64, 16, 17, 33, 2, 100}})
      check_attention({.lengths = lengths, .dim = dim});
}

TEST_CASE("attention equals its twin with each term alone, and with none") {
  for (const auto& [c2p, p2c] : {std::pair(true, false), {false, true}, {false, false}})
    check_attention({.lengths = {9, 80}, .heads = 1, .c2p = c2p, .p2c = p2c});
}

TEST_CASE("attention of first tokens alone equals its twin") {
  check_attention({.lengths = {5, 70, 1, 140}, .first_tokens_only = true});
  check_attention({.lengths = {65, 64}, .dim = 32, .first_tokens_only = true});
}

TEST_CASE("attention equals its twin with the large model's 256 buckets, with few buckets, and without") {
  check_attention({.lengths = {300}, .heads = 1, .position_buckets = 256, .max_position = 512});
  check_attention({.lengths = {150}, .heads = 1, .position_buckets = 8, .max_position = 32});
  check_attention({.lengths = {150}, .heads = 1, .position_buckets = -1, .max_position = 40});
}

TEST_CASE("attention of 512 tokens equals its twin") {
  check_attention({.lengths = {512}, .heads = 1, .position_buckets = 256, .max_position = 512});
}

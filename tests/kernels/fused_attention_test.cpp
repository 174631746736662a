// Fused attention against the formula in double.
#include "kernels/every_kernel_table.hpp"
#include "kernels/fused_attention.hpp"

#include <algorithm>
#include <cmath>
#include <random>
#include <string>
#include <vector>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/generators/catch_generators_range.hpp>

using namespace sciexam;

namespace {

using Floats = std::vector<float>;

/// What an exponential of 1 is as an integer, and the largest value.
constexpr double kShortOne = 16383, kShortValues = 1023;
constexpr std::int64_t kAll = 1'000'000; ///< more queries than there are

Floats random_floats(std::int64_t count, unsigned seed) {
  std::mt19937 generator(seed);
  std::normal_distribution<float> any;
  Floats values(static_cast<std::size_t>(count));
  std::generate(values.begin(), values.end(), [&] { return any(generator); });
  return values;
}

/// q, k and v side by side, and tables of 2 * kSpan rows.
struct Inputs {
  static constexpr std::int64_t kSpan = 40;
  std::int64_t heads, head_dim, hidden = heads * head_dim;
  std::vector<std::int64_t> offsets;
  bool c2p = true, p2c = true;
  AttentionProducts products = AttentionProducts::f32;
  float scale = 1 / std::sqrt(static_cast<float>(3 * head_dim));
  Floats qkv = random_floats(offsets.back() * 3 * hidden, 1), key_table = random_floats(2 * kSpan * hidden, 2),
         query_table = random_floats(2 * kSpan * hidden, 3);

  /// Identity nearby, coarser and then constant far away, as log buckets are.
  static std::int64_t table_row(std::int64_t distance) {
    const std::int64_t far = std::abs(distance) <= 20 ? std::abs(distance) : 20 + (std::abs(distance) - 20) / 4;
    return std::clamp<std::int64_t>(distance < 0 ? kSpan - far : kSpan + far, 0, 2 * kSpan - 1);
  }

  FusedAttention call(const KernelTable& kernels, float* context) const {
    FusedAttention call;
    call.kernels = &kernels;
    call.q = qkv.data();
    call.k = qkv.data() + hidden;
    call.v = qkv.data() + 2 * hidden;
    call.qkv_stride = 3 * hidden;
    call.heads = heads;
    call.head_dim = head_dim;
    call.scale = scale;
    call.products = products;
    call.key_table = c2p ? key_table.data() : nullptr;
    call.query_table = p2c ? query_table.data() : nullptr;
    call.table_row = table_row;
    call.offsets = offsets;
    call.context = context;
    return call;
  }

  double dot(const Floats& a, std::int64_t row_a, const Floats& b, std::int64_t row_b) const {
    double sum = 0;
    for (std::int64_t d = 0; d < head_dim; ++d)
      sum += static_cast<double>(a[static_cast<std::size_t>(row_a + d)]) *
             static_cast<double>(b[static_cast<std::size_t>(row_b + d)]);
    return sum;
  }

  double score(std::int64_t i, std::int64_t j, std::int64_t head) const {
    const std::int64_t q = i * 3 * hidden + head * head_dim, k = (j * 3 + 1) * hidden + head * head_dim;
    const std::int64_t row = table_row(i - j) * hidden + head * head_dim;
    return (dot(qkv, q, qkv, k) + (c2p ? dot(qkv, q, key_table, row) : 0) + (p2c ? dot(qkv, k, query_table, row) : 0)) *
           static_cast<double>(scale);
  }

  std::vector<double> context_of(std::int64_t i, std::int64_t begin, std::int64_t end, std::int64_t head) const {
    std::vector<double> context(static_cast<std::size_t>(head_dim));
    double total = 0, greatest = score(i, begin, head);
    for (std::int64_t j = begin; j < end; ++j)
      greatest = std::max(greatest, score(i, j, head));
    for (std::int64_t j = begin; j < end; ++j) {
      const double share = std::exp(score(i, j, head) - greatest);
      total += share;
      for (std::int64_t d = 0; d < head_dim; ++d)
        context[static_cast<std::size_t>(d)] +=
            (products == AttentionProducts::int16 ? std::nearbyint(share * kShortOne) / kShortOne : share) *
            static_cast<double>(qkv[static_cast<std::size_t>((j * 3 + 2) * hidden + head * head_dim + d)]);
    }
    for (double& x : context)
      x /= total;
    return context;
  }

  /// With q, k, v and the tables as integers times their scales, as kernel_table.hpp says.
  Inputs rounded() const {
    Inputs result = *this;
    const double most = std::floor(std::sqrt(2147483647.0 / static_cast<double>(head_dim)));
    const auto round_rows = [&](Floats& values) { // each head's part of a row of `hidden`
      for (auto row = values.begin(); row != values.end(); row += head_dim)
        round_together(row, row + head_dim, 1, most);
    };
    round_rows(result.key_table);
    round_rows(result.query_table);
    for (std::int64_t token = 0; token < offsets.back(); ++token)
      for (std::int64_t part = 0; part < 2 * heads; ++part) {
        const auto row = result.qkv.begin() + token * 3 * hidden + part * head_dim;
        round_together(row, row + head_dim, 1, most);
      }
    for (std::size_t s = 0; s + 1 < offsets.size(); ++s)
      for (std::int64_t column = 2 * hidden; column < 3 * hidden; ++column)
        round_together(result.qkv.begin() + offsets[s] * 3 * hidden + column,
                       result.qkv.begin() + offsets[s + 1] * 3 * hidden + column, 3 * hidden, kShortValues);
    return result;
  }

  /// Every step-th of them, with one scale.
  static void round_together(Floats::iterator begin, Floats::iterator end, std::int64_t step, double most) {
    float largest = 0;
    for (auto x = begin; x < end; x += step)
      largest = std::max(largest, std::abs(*x));
    const double scale = static_cast<double>(largest) / most;
    for (auto x = begin; x < end; x += step)
      *x = scale > 0 ? static_cast<float>(std::nearbyint(static_cast<double>(*x) / scale) * scale) : 0;
  }

  double largest_error(const Floats& context, std::int64_t queries) const {
    double largest = 0;
    std::size_t at = 0;
    for (std::size_t s = 0; s + 1 < offsets.size(); ++s)
      for (std::int64_t i = offsets[s]; i < std::min(offsets[s + 1], offsets[s] + queries); ++i)
        for (std::int64_t head = 0; head < heads; ++head)
          for (const double expected : context_of(i, offsets[s], offsets[s + 1], head)) {
            const double error = std::abs(static_cast<double>(context.at(at++)) - expected);
            largest = std::isnan(error) ? INFINITY : std::max(largest, error);
          }
    REQUIRE(at == context.size());
    return largest;
  }
};

} // namespace

TEST_CASE("fused attention equals the formula, for lengths around every edge") {
  const auto [name, kernels] = GENERATE(from_range(test::every_kernel_table()));
  const AttentionProducts products = GENERATE(AttentionProducts::f32, AttentionProducts::int16);
  const auto [c2p, p2c] = GENERATE(table<bool, bool>({{true, true}, {true, false}, {false, true}, {false, false}}));
  const auto [heads, head_dim] = GENERATE(table<int, int>({{2, 64}, {1, 32}, {3, 12}, {1, 5}}));
  CAPTURE(name, products, c2p, p2c, heads, head_dim);
  // Around tiles (6, 14), vectors (8, 16), panels, blocks (90, 112), and beyond the tables' identity.
  std::vector<std::int64_t> offsets{0};
  for (const std::int64_t length : {1, 2, 5, 6, 7, 8, 9, 13, 14, 15, 16, 17, 31, 33, 89, 90, 91, 112, 113, 181})
    offsets.push_back(offsets.back() + length);
  const Inputs inputs{heads, head_dim, heads * head_dim, offsets, c2p, p2c, products};
  Floats context(static_cast<std::size_t>(offsets.back() * inputs.hidden), std::nanf(""));
  fused_attention(inputs.call(*kernels, context.data()), test::three_workers(), test::workspace);
  if (products == AttentionProducts::f32) {
    CHECK(inputs.largest_error(context, kAll) < 3e-6); // sums of 181 numbers around 1 in f32
    return;
  }
  // Here and there a number half way between two integers goes to the other one: 1 of 16383 or of a row's 5792.
  CHECK(inputs.rounded().largest_error(context, kAll) < 5e-4);
  Inputs exact = inputs;
  exact.products = AttentionProducts::f32;
  CHECK(exact.largest_error(context, kAll) < 4e-3); // mostly v's: half of 1023rds of 4
}

TEST_CASE("attention with integers has the same bits with all kernels, and others than with floats") {
  Inputs inputs{2, 64, 128, {0, 1, 48, 181, 400}};
  inputs.scale *= GENERATE(1.0F, 400.0F); // the second: scores of thousands, with exponentials that are zero
  const auto context_with = [&](const KernelTable& kernels) {
    Floats context(400 * 128, std::nanf(""));
    fused_attention(inputs.call(kernels, context.data()), test::three_workers(), test::workspace);
    return context;
  };
  const auto tables = test::every_kernel_table();
  const Floats exact = context_with(*tables.front().second);
  inputs.products = AttentionProducts::int16;
  const Floats rounded = context_with(*tables.front().second);
  CHECK(rounded != exact);
  for (const auto& [name, kernels] : tables) {
    CAPTURE(name);
    CHECK(context_with(*kernels) == rounded);
  }
}

TEST_CASE("an exponential is off by half of a 16383rd, if it becomes an integer") {
  const auto [name, kernels] = GENERATE(from_range(test::every_kernel_table()));
  CAPTURE(name);
  constexpr std::int64_t kPairs = 500; // of tokens: the first one's scores are 0 and -s, the values 0 and 1
  Inputs inputs{1, 1, 1, {0}, false, false, AttentionProducts::int16, 1};
  inputs.qkv.clear();
  const auto s = [](std::int64_t pair) { return static_cast<float>(pair) / 64; };
  for (std::int64_t pair = 0; pair < kPairs; ++pair) {
    inputs.offsets.push_back(2 * pair + 2);
    inputs.qkv.insert(inputs.qkv.end(), {1, 0, 0, 1, -s(pair), 1});
  }
  Floats context(2 * kPairs, std::nanf(""));
  fused_attention(inputs.call(*kernels, context.data()), test::single_worker(), test::workspace);
  for (std::int64_t pair = 0; pair < kPairs; ++pair) {
    CAPTURE(s(pair));
    const double e = std::exp(-static_cast<double>(s(pair)));
    REQUIRE(std::abs(static_cast<double>(context[static_cast<std::size_t>(2 * pair)]) * (1 + e) - e) <=
            0.5 / kShortOne + 6e-6);
  }
}

TEST_CASE("a NaN among the operands shows in the contexts, whatever is multiplied") {
  const auto [name, kernels] = GENERATE(from_range(test::every_kernel_table()));
  const AttentionProducts products = GENERATE(AttentionProducts::f32, AttentionProducts::int16);
  const std::string where = GENERATE("q", "k", "v", "key table", "query table");
  CAPTURE(name, products, where);
  Inputs inputs{1, 64, 64, {0, 20}};
  inputs.products = products;
  constexpr std::size_t kElement = 37;
  const std::size_t row = static_cast<std::size_t>(Inputs::table_row(0)) * 64; // of a token with itself
  (where == "q"           ? inputs.qkv[kElement]
   : where == "k"         ? inputs.qkv[64 + kElement]
   : where == "v"         ? inputs.qkv[128 + kElement]
   : where == "key table" ? inputs.key_table[row + kElement]
                          : inputs.query_table[row + kElement]) = NAN;
  Floats context(20 * 64);
  fused_attention(inputs.call(*kernels, context.data()), test::single_worker(), test::workspace);
  CHECK(std::isnan(context[kElement]));
  if (where == "q")
    CHECK(!std::isnan(context[64 + kElement]));
}

TEST_CASE("sums of integers do not overflow where all numbers are the largest, for any head and length") {
  const auto [name, kernels] = GENERATE(from_range(test::every_kernel_table()));
  const std::int64_t head_dim = GENERATE(1, 3, 64, 128, 1000);
  CAPTURE(name, head_dim);
  Inputs inputs{1, head_dim, head_dim, {0, 300}};
  inputs.products = AttentionProducts::int16;
  inputs.scale = 1 / static_cast<float>(3 * head_dim);
  for (Floats* values : {&inputs.qkv, &inputs.key_table, &inputs.query_table})
    std::fill(values->begin(), values->end(), 2.0F);
  Floats context(static_cast<std::size_t>(300 * head_dim), std::nanf(""));
  fused_attention(inputs.call(*kernels, context.data()), test::single_worker(), test::workspace);
  for (const float x : context)
    REQUIRE(std::abs(x - 2) < 1e-5F); // an average of twos
}

TEST_CASE("only the first tokens' context may be asked for, and has the same bits") {
  const auto [name, kernels] = GENERATE(from_range(test::every_kernel_table()));
  const AttentionProducts products = GENERATE(AttentionProducts::f32, AttentionProducts::int16);
  const std::int64_t queries = GENERATE(1, 4);
  CAPTURE(name, products, queries);
  Inputs inputs{2, 64, 128, {0, 3, 4, 104, 230}};
  inputs.products = products;
  Floats few(static_cast<std::size_t>((std::min<std::int64_t>(queries, 3) + 1 + 2 * queries) * 128), std::nanf(""));
  FusedAttention call = inputs.call(*kernels, few.data());
  call.queries = queries;
  fused_attention(call, test::three_workers(), test::workspace);
  Floats all(230 * 128);
  fused_attention(inputs.call(*kernels, all.data()), test::three_workers(), test::workspace);
  auto next = few.begin();
  for (std::size_t s = 0; s + 1 < inputs.offsets.size(); ++s) {
    const std::int64_t count = std::min(queries, inputs.offsets[s + 1] - inputs.offsets[s]) * 128;
    CHECK(std::equal(next, next + count, all.begin() + inputs.offsets[s] * 128));
    next += count;
  }
  CHECK(next == few.end());
}

TEST_CASE("a sequence's bits depend neither on the other sequences nor on the workers") {
  const auto [name, kernels] = GENERATE(from_range(test::every_kernel_table()));
  const AttentionProducts products = GENERATE(AttentionProducts::f32, AttentionProducts::int16);
  CAPTURE(name, products);
  Inputs inputs{2, 64, 128, {0, 100, 105, 300}};
  inputs.products = products;
  Floats together(300 * 128), apart(together.size());
  fused_attention(inputs.call(*kernels, together.data()), test::three_workers(), test::workspace);
  for (std::size_t s = 0; s + 1 < inputs.offsets.size(); ++s) {
    const std::vector<std::int64_t> own{inputs.offsets[s], inputs.offsets[s + 1]};
    FusedAttention call = inputs.call(*kernels, apart.data() + own[0] * 128);
    call.offsets = own;
    fused_attention(call, test::single_worker(), test::workspace);
  }
  CHECK(together == apart);
}

TEST_CASE("very large and very small scores do no harm") {
  const auto [name, kernels] = GENERATE(from_range(test::every_kernel_table()));
  CAPTURE(name);
  Inputs inputs{1, 64, 64, {0, 70}};
  inputs.scale = 30; // scores of thousands
  Floats context(70 * 64, std::nanf(""));
  fused_attention(inputs.call(*kernels, context.data()), test::single_worker(), test::workspace);
  CHECK(inputs.largest_error(context, kAll) < 1e-2); // the scores' own rounding is 1e-4 of 1e3
  const Inputs empty{1, 64, 64, {0, 0, 3, 3}};
  Floats three(3 * 64, std::nanf(""));
  fused_attention(empty.call(*kernels, three.data()), test::single_worker(), test::workspace);
  CHECK(empty.largest_error(three, kAll) < 3e-6);
}

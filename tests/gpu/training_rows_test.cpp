// What training does to rows and to weights, against plain twins in double or the CPU's own loops.
#include "gpu/device_fixture.hpp"
#include "kernels/dropout_mask.hpp"
#include "kernels/optimizer.hpp"

#include <cmath>
#include <cstring>
#include <functional>
#include <numbers>

#include <catch2/catch_test_macros.hpp>

using namespace sciexam;
using namespace sciexam::test;

namespace {

bool same_bits(const Numbers& a, const Numbers& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), 4 * a.size()) == 0;
}

double largest_difference(const Numbers& found, const std::vector<double>& expected) {
  double most = found.size() == expected.size() ? 0 : INFINITY;
  for (std::size_t i = 0; i < found.size() && i < expected.size(); ++i)
    most = std::max(most, std::isfinite(found[i]) ? std::abs(found[i] - expected[i]) : INFINITY);
  return most;
}

/// Ones and, where dropout drops, zeros: what the CPU's loop makes of ones.
Numbers mask_of(const RandomStream& stream, double probability, std::size_t count) {
  Numbers ones(count, 1);
  apply_dropout(stream, 0, probability, ones.data(), ones.data(), count);
  return ones;
}

DeviceArray words_of(std::size_t count) {
  return DeviceArray::integers(std::vector<std::uint32_t>(count, 0x5A5A5A5A));
}

/// Mean and 1 / deviation of each row.
Numbers statistics_of(const Numbers& x, int rows, int width, double eps) {
  Numbers all;
  for (int row = 0; row < rows; ++row) {
    double mean = 0, variance = 0;
    for (int i = 0; i < width; ++i)
      mean += x[area(row, width) + static_cast<std::size_t>(i)] / width;
    for (int i = 0; i < width; ++i) {
      const double from_mean = x[area(row, width) + static_cast<std::size_t>(i)] - mean;
      variance += from_mean * from_mean / width;
    }
    all.push_back(static_cast<float>(mean));
    all.push_back(static_cast<float>(1 / std::sqrt(variance + eps)));
  }
  return all;
}

} // namespace

TEST_CASE("dropout's masks are the CPU's, and dropping is too") {
  const RandomStream stream{0x123456789ABCDEF0, {7, 1U << 31, 42}};
  for (const double probability : {0.1, 0.5, 0.999})
    for (const std::size_t count : {8UL, 64UL, 8200UL}) {
      const Numbers kept = mask_of(stream, probability, count), x = random_halves(count, 1);
      const DeviceArray bits = words_of((count + 31) / 32), on_x = DeviceArray::halves(x),
                        y = DeviceArray::halves(Numbers(count));
      training_kernels().dropout_mask(bits, count, stream.key, stream.counter, probability, nullptr);
      training_kernels().drop(on_x, {bits, 1}, y, static_cast<std::int64_t>(count), nullptr);
      const Numbers found = y.read();
      std::size_t wrong = 0;
      for (std::size_t i = 0; i < count; ++i)
        wrong += found[i] == (kept[i] == 0 ? 0 : x[i]) ? 0 : 1;
      CHECK(wrong == 0);
    }
}

TEST_CASE("layer norm keeps its statistics, and its gradients equal their twins") {
  for (const int width : {8, 264, 2048})
    for (const int rows : {1, 33, 300}) {
      INFO(rows << " rows of " << width);
      if (rows == 300 && width == 2048)
        continue; // long on an emulator
      const std::size_t count = area(rows, width);
      const Numbers x = random_floats(count, 1, 3), dy = random_halves(count, 2),
                    weight = random_floats(area(width, 1), 3), bias = random_floats(area(width, 1), 4);
      const Numbers statistics = statistics_of(x, rows, width, 1e-3);
      const RandomStream stream{5, {1, 2, 3}};
      const DeviceArray on_x = DeviceArray::floats(x), on_dy = DeviceArray::halves(dy),
                        on_weight = DeviceArray::floats(weight), on_bias = DeviceArray::floats(bias),
                        y = DeviceArray::halves(Numbers(count)), wide = DeviceArray::floats(Numbers(count)),
                        on_statistics = DeviceArray::floats(Numbers(area(rows, 2))),
                        dx = DeviceArray::halves(Numbers(count)), dropped = DeviceArray::halves(Numbers(count)),
                        bits = words_of(count / 32 + 1),
                        parts = DeviceArray::floats(Numbers(2 * area(parts_of_rows(rows), width))),
                        d_weight = DeviceArray::floats(weight),
                        d_bias = DeviceArray::floats(Numbers(area(width, 1), 9));
      training_kernels().layer_norm(on_x, {on_weight, on_bias}, y, wide, on_statistics, rows, width, 1e-3F, nullptr);
      CHECK(largest_difference(on_statistics.read(), {statistics.begin(), statistics.end()}) < 1e-5);
      std::vector<double> normed;
      for (std::size_t i = 0; i < count; ++i) {
        const std::size_t row = i / area(width, 1) * 2, column = i % area(width, 1);
        normed.push_back((x[i] - static_cast<double>(statistics[row])) * statistics[row + 1] * weight[column] +
                         bias[column]);
      }
      CHECK(halves_apart(y.read(), normed) < 0.6);
      CHECK(largest_difference(wide.read(), normed) < 1e-5);
      training_kernels().dropout_mask(bits, count, stream.key, stream.counter, 0.25, nullptr);
      training_kernels().layer_norm_gradient(on_x, on_statistics, on_weight, on_dy, dx, dropped, {bits, 1.5F}, rows,
                                             width, nullptr);
      training_kernels().sum_norm(on_dy, on_x, on_statistics, parts, {d_weight, d_bias}, rows, width, true, nullptr);

      const Numbers kept = mask_of(stream, 0.25, count);
      std::vector<double> expected(count), with_dropout(count), of_weight(weight.begin(), weight.end()),
          of_bias(weight.size(), 9);
      for (int row = 0; row < rows; ++row) {
        const std::size_t first = area(row, width);
        const double mean = statistics[area(row, 2)], factor = statistics[area(row, 2) + 1];
        double sum = 0, product = 0;
        for (std::size_t i = 0; i < area(width, 1); ++i) {
          const double z = (x[first + i] - mean) * factor, g = static_cast<double>(dy[first + i]) * weight[i];
          sum += g / width;
          product += g * z / width;
          of_weight[i] += dy[first + i] * z;
          of_bias[i] += dy[first + i];
        }
        for (std::size_t i = 0; i < area(width, 1); ++i) {
          const double z = (x[first + i] - mean) * factor, g = static_cast<double>(dy[first + i]) * weight[i];
          expected[first + i] = (g - sum - z * product) * factor;
          with_dropout[first + i] = kept[first + i] == 0 ? 0 : 1.5 * expected[first + i];
        }
      }
      CHECK(halves_apart(dx.read(), expected) < 0.6);
      CHECK(halves_apart(dropped.read(), with_dropout) < 0.6);
      CHECK(largest_difference(d_weight.read(), of_weight) < 1e-4);
      CHECK(largest_difference(d_bias.read(), of_bias) < 1e-4);
    }
}

TEST_CASE("embeddings are sums of rows in f32, with dropout in f32 and rounded") {
  constexpr int kTokens = 33, kWidth = 72;
  constexpr std::size_t kCount = std::size_t{kTokens} * kWidth;
  const Numbers words = random_floats(11 * kWidth, 1), positions = random_floats(40 * kWidth, 2),
                types = random_floats(2 * kWidth, 3);
  std::vector<std::int32_t> ids, places, kinds;
  std::vector<double> expected, of_words;
  for (int i = 0; i < kTokens; ++i) {
    ids.push_back(i * 7 % 11);
    places.push_back(i);
    kinds.push_back(i % 2);
    for (int j = 0; j < kWidth; ++j) {
      const auto of = [&](const Numbers& table, int row) {
        return static_cast<double>(table[area(row, kWidth) + static_cast<std::size_t>(j)]);
      };
      of_words.push_back(of(words, ids.back()));
      expected.push_back(of_words.back() + of(positions, i) + of(types, i % 2));
    }
  }
  const DeviceArray on_words = DeviceArray::floats(words), on_positions = DeviceArray::floats(positions),
                    on_types = DeviceArray::floats(types), on_ids = DeviceArray::integers(ids),
                    on_places = DeviceArray::integers(places), on_kinds = DeviceArray::integers(kinds),
                    sum = DeviceArray::floats(Numbers(kCount)), halves = DeviceArray::halves(Numbers(kCount)),
                    bits = words_of(kCount / 32 + 1);
  training_kernels().embed({on_words, 0, 0, on_ids, on_places, on_kinds}, 0, halves, kTokens, kWidth, nullptr);
  CHECK(halves_apart(halves.read(), of_words) < 0.6);
  training_kernels().embed({on_words, on_positions, on_types, on_ids, on_places, on_kinds}, sum, 0, kTokens, kWidth,
                           nullptr);
  CHECK(largest_difference(sum.read(), expected) < 1e-6);
  const RandomStream stream{3, {1, 0, 2}};
  const Numbers kept = mask_of(stream, 0.25, kCount);
  training_kernels().dropout_mask(bits, kCount, stream.key, stream.counter, 0.25, nullptr);
  training_kernels().drop_wide(sum, {bits, 2}, halves, kCount, nullptr);
  for (std::size_t i = 0; i < kCount; ++i)
    expected[i] *= kept[i] == 0 ? 0 : 2;
  CHECK(largest_difference(sum.read(), expected) < 1e-6);
  CHECK(halves_apart(halves.read(), expected) < 0.6);
}

TEST_CASE("sums over tokens, of columns and of a table's rows, equal their twins") {
  constexpr int kRows = 513, kWidth = 72, kStride = 80;
  const Numbers dy = random_halves(area(kRows, kStride), 1);
  const DeviceArray on_dy = DeviceArray::halves(dy),
                    parts = DeviceArray::floats(Numbers(2 * area(parts_of_rows(kRows), kWidth))),
                    to = DeviceArray::floats(Numbers(kWidth, 5));
  std::vector<double> columns(kWidth), table(area(9, kStride), 1);
  for (int row = 0; row < kRows; ++row)
    for (std::size_t i = 0; i < kWidth; ++i)
      columns[i] += dy[area(row, kStride) + i];
  training_kernels().sum_columns(on_dy, parts, to, kRows, kWidth, kStride, false, nullptr);
  CHECK(largest_difference(to.read(), columns) < 1e-4);

  std::vector<std::int32_t> order, starts = {0}, rows = {8, 0, 3};
  for (std::size_t unique = 0; unique < rows.size(); ++unique) {
    for (int token = static_cast<int>(unique); token < kRows; token += 50 * static_cast<int>(unique + 1)) {
      order.push_back(token);
      for (std::size_t i = 0; i < kStride; ++i)
        table[area(rows[unique], kStride) + i] += dy[area(token, kStride) + i];
    }
    starts.push_back(static_cast<std::int32_t>(order.size()));
  }
  const DeviceArray on_order = DeviceArray::integers(order), on_starts = DeviceArray::integers(starts),
                    on_rows = DeviceArray::integers(rows), gradient = DeviceArray::floats(Numbers(table.size(), 1));
  training_kernels().add_rows(on_dy, on_order, on_starts, on_rows, gradient, 3, kStride, nullptr);
  CHECK(largest_difference(gradient.read(), table) < 1e-4);

  const DeviceArray sums = DeviceArray::floats(Numbers(dy.size(), 2)), back = DeviceArray::halves(Numbers(dy.size()));
  training_kernels().add_halves(on_dy, sums, static_cast<std::int64_t>(dy.size()), nullptr);
  std::vector<double> two_more;
  for (const float x : dy)
    two_more.push_back(static_cast<double>(x) + 2);
  CHECK(largest_difference(sums.read(), two_more) < 1e-6);
  training_kernels().to_halves(sums, back, static_cast<std::int64_t>(dy.size()), nullptr);
  CHECK(halves_apart(back.read(), two_more) < 0.6);
}

TEST_CASE("the head's gradients equal their twins with every activation") {
  constexpr int kSequences = 9, kWidth = 72;
  constexpr std::size_t kCount = std::size_t{kSequences} * kWidth;
  const Numbers x = random_halves(kCount, 1), weight = random_floats(kWidth, 2),
                d_logits = random_floats(kSequences, 3);
  const RandomStream stream{9, {4, 0, 0}};
  const Numbers kept = mask_of(stream, 0.25, kCount);
  const DeviceArray on_x = DeviceArray::halves(x), on_weight = DeviceArray::floats(weight),
                    on_logits = DeviceArray::floats(d_logits), bits = words_of(kCount / 32 + 1),
                    pooled = DeviceArray::halves(Numbers(kCount)), dx = DeviceArray::halves(Numbers(kCount)),
                    d_weight = DeviceArray::floats(weight), d_bias = DeviceArray::floats(Numbers(1));
  training_kernels().dropout_mask(bits, kCount, stream.key, stream.counter, 0.25, nullptr);
  const auto sigmoid = [](double z) { return 1 / (1 + std::exp(-z)); };
  const std::vector<std::pair<DeviceActivation, std::function<double(double)>>> activations = {
      {DeviceActivation::linear, [](double z) { return z; }},
      {DeviceActivation::gelu, [](double z) { return 0.5 * z * (1 + std::erf(z * std::numbers::sqrt2 / 2)); }},
      {DeviceActivation::gelu_tanh,
       [](double z) { return 0.5 * z * (1 + std::tanh(std::sqrt(2 / M_PI) * (z + 0.044715 * z * z * z))); }},
      {DeviceActivation::tanh, [](double z) { return std::tanh(z); }},
      {DeviceActivation::relu, [](double z) { return std::max(z, 0.0); }},
      {DeviceActivation::silu, [&](double z) { return z * sigmoid(z); }},
      {DeviceActivation::sigmoid, sigmoid}};
  for (const auto& [activation, twin] : activations)
    for (const bool add : {false, true}) {
      INFO("activation " << static_cast<int>(activation));
      const Numbers before = d_weight.read();
      training_kernels().pool(on_x, {bits, 4.0F / 3}, pooled, kCount, activation, nullptr);
      training_kernels().classify_gradient({.d_logits = on_logits,
                                            .x = on_x,
                                            .pooled = pooled,
                                            .weight = on_weight,
                                            .dx = dx,
                                            .d_weight = d_weight,
                                            .d_bias = d_bias,
                                            .dropout = {bits, 4.0F / 3}},
                                           kSequences, kWidth, activation, add, nullptr);
      const Numbers found = pooled.read();
      std::vector<double> of_pooled(kCount), of_x(kCount), of_weight(kWidth);
      for (std::size_t i = 0; i < kWidth; ++i)
        of_weight[i] = add ? before[i] : 0;
      for (std::size_t i = 0; i < kCount; ++i) {
        const double factor = kept[i] == 0 ? 0 : 4.0 / 3, d = d_logits[i / kWidth];
        const double step = 1e-5, slope = (twin(x[i] + step) - twin(x[i] - step)) / (2 * step);
        of_pooled[i] = twin(x[i]) * factor;
        of_x[i] = d * weight[i % kWidth] * slope * factor;
        of_weight[i % kWidth] += d * found[i];
      }
      CHECK(halves_apart(found, of_pooled) < 0.6);
      CHECK(halves_apart(dx.read(), of_x) < 0.6);
      CHECK(largest_difference(d_weight.read(), of_weight) < 2e-5);
    }
  std::vector<double> bias(1);
  for (const float d : d_logits)
    bias[0] += 2 * static_cast<double>(d);
  CHECK(largest_difference(d_bias.read(), bias) < 1e-5);

  const std::vector<std::int32_t> offsets = {0, 1, 4, 5, 9, 10, 12, 13, 17, 18};
  const DeviceArray on_offsets = DeviceArray::integers(offsets), all = DeviceArray::halves(Numbers(18 * kWidth, 7));
  training_kernels().spread_first(on_x, on_offsets, all, kSequences, kWidth, nullptr);
  std::vector<double> spread(18 * kWidth, 7);
  for (std::size_t i = 0; i < kCount; ++i)
    spread[static_cast<std::size_t>(offsets[i / kWidth]) * kWidth + i % kWidth] = x[i];
  CHECK(halves_apart(all.read(), spread) == 0);
}

TEST_CASE("AdamW, averages and exchanges have the CPU's bits") {
  constexpr std::size_t kCount = 1003;
  Numbers parameter = random_floats(kCount, 1), first = random_floats(kCount, 2, 0.1F),
          gradient = random_floats(kCount, 3), second = random_floats(kCount, 4, 0.01F),
          average = random_floats(kCount, 5);
  for (float& value : second)
    value *= value;
  first[5] = second[5] = gradient[5] = 0;
  second[6] = 1e-42F; // a denormal number
  gradient[7] = 1e-30F;
  const AdamWStep step = {.beta1 = 0.9F,
                          .beta2 = 0.98F,
                          .epsilon = 1e-6F,
                          .rest1 = 0.1F,
                          .rest2 = 0.02F,
                          .gradient_scale = 0.37F,
                          .step_size = 3e-5F,
                          .root_scale = 5.5F,
                          .decay_before = 0.9999F,
                          .decay_after = 0.99999F};
  for (const bool with_gradient : {true, false}) {
    const DeviceArray on_parameter = DeviceArray::floats(parameter), on_first = DeviceArray::floats(first),
                      on_second = DeviceArray::floats(second), on_gradient = DeviceArray::floats(gradient),
                      halves = DeviceArray::halves(Numbers(kCount));
    training_kernels().adamw({on_parameter, on_first, on_second, with_gradient ? on_gradient.address() : 0, halves,
                              kCount, step.beta1, step.beta2, step.rest1, step.rest2, step.epsilon, step.gradient_scale,
                              step.step_size, step.root_scale, step.decay_before, step.decay_after},
                             nullptr);
    adamw_update(step, parameter, with_gradient ? std::span<const float>(gradient) : std::span<const float>(), first,
                 second);
    CHECK(same_bits(on_parameter.read(), parameter));
    CHECK(same_bits(halves.read(), DeviceArray::halves(parameter).read()));
    CHECK(same_bits(on_first.read(), first));
    CHECK(same_bits(on_second.read(), second));
  }
  const DeviceArray on_average = DeviceArray::floats(average), on_parameter = DeviceArray::floats(parameter);
  training_kernels().follow_average(on_average, on_parameter, kCount, 0.97F, nullptr);
  update_average(0.97F, average, parameter);
  CHECK(same_bits(on_average.read(), average));
  training_kernels().exchange(on_average, on_parameter, kCount, nullptr);
  CHECK(same_bits(on_average.read(), parameter));
  CHECK(same_bits(on_parameter.read(), average));
}

TEST_CASE(
    "rows of a table that never had a gradient only decay, with the CPU's bits, and rows are cleared and squared") {
  constexpr int kRows = 9, kWidth = 24;
  constexpr std::size_t kCount = std::size_t{kRows} * kWidth;
  const std::vector<std::int32_t> rows = {0, 3, 8};
  for (const bool decays : {false, true}) {
    Numbers parameter = random_floats(kCount, 1), first(kCount), second(kCount), gradient(kCount);
    for (const std::int32_t row : rows)
      for (std::size_t i = 0; i < kWidth; ++i)
        gradient[area(row, kWidth) + i] = 0.1F * static_cast<float>(i) - 1;
    const AdamWStep step = {.step_size = 1e-3F, .decay_before = decays ? 0.99F : 1, .decay_after = decays ? 0.999F : 1};
    const DeviceArray on_parameter = DeviceArray::floats(parameter), on_first = DeviceArray::floats(first),
                      on_second = DeviceArray::floats(second), on_gradient = DeviceArray::floats(gradient),
                      touched = DeviceArray::integers(std::vector<std::uint8_t>(kRows)),
                      on_rows = DeviceArray::integers(rows), parts = DeviceArray::floats(Numbers(3));
    training_kernels().touch_rows(touched, on_rows, 3, nullptr);
    training_kernels().adamw_rows({on_parameter, on_first, on_second, on_gradient, 0, kCount, step.beta1, step.beta2,
                                   step.rest1, step.rest2, step.epsilon, step.gradient_scale, step.step_size,
                                   step.root_scale, step.decay_before, step.decay_after},
                                  touched, kRows, kWidth, nullptr);
    adamw_update(step, parameter, gradient, first, second);
    CHECK(same_bits(on_parameter.read(), parameter));
    CHECK(same_bits(on_second.read(), second));
    training_kernels().square_rows(on_gradient, on_rows, parts, 3, kWidth, nullptr);
    double sum = 0;
    for (const float value : gradient)
      sum += static_cast<double>(value) * value / 3;
    CHECK(largest_difference(parts.read(), {sum, sum, sum}) < 1e-5);
    training_kernels().clear_rows(on_gradient, on_rows, 3, kWidth, nullptr);
    CHECK(same_bits(on_gradient.read(), Numbers(kCount)));
  }
}

TEST_CASE("sums of squares are exact enough, and a perturbation stays in reach") {
  for (const std::size_t count : {1UL, 8192UL, 20001UL}) {
    const Numbers x = random_floats(count, 1);
    const DeviceArray on_x = DeviceArray::floats(x),
                      parts = DeviceArray::floats(Numbers(parts_of_squares(static_cast<std::int64_t>(count))));
    training_kernels().squares(on_x, static_cast<std::int64_t>(count), parts, nullptr);
    double found = 0, expected = 0;
    for (const float part : parts.read())
      found += part;
    for (const float value : x)
      expected += static_cast<double>(value) * value;
    CHECK(std::abs(found - expected) < 1e-6 * expected);
  }
  const Numbers x = random_floats(100, 1), gradient = random_floats(100, 2);
  const DeviceArray on_x = DeviceArray::floats(x), on_gradient = DeviceArray::floats(gradient),
                    kept = DeviceArray::floats(Numbers(100));
  training_kernels().perturb(on_x, on_gradient, kept, 100, 0.01F, 0.02F, nullptr);
  CHECK(same_bits(kept.read(), x));
  std::vector<double> expected;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double reach = std::abs(x[i]) * 0.02F;
    expected.push_back(std::clamp<double>(x[i] + gradient[i] * 0.01F, x[i] - reach, x[i] + reach));
  }
  CHECK(largest_difference(on_x.read(), expected) < 1e-6);
}

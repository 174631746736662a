// Hidden: one call of each kernel of a training of deberta-v3-large for training_roofline.py, which reads the emulated
// driver's counts.
#include "checkpoint/config.hpp"
#include "gpu/device_fixture.hpp"
#include "gpu/device_support.hpp"

#include <cstdlib>
#include <string>

#include <catch2/catch_test_macros.hpp>

using namespace sciexam;
using namespace sciexam::test;

namespace {

int setting(const char* name) {
  const char* text = std::getenv(name);
  return text == nullptr ? 0 : std::atoi(text);
}

void finish() {
  device().check(device().driver().ctx_synchronize(), "counting");
}

} // namespace

TEST_CASE("one tile of a product of training, of SCIEXAM_KIND over SCIEXAM_DEPTH elements", "[.counts]") {
  const int depth = setting("SCIEXAM_DEPTH");
  const auto kind = static_cast<ProductKind>(setting("SCIEXAM_KIND"));
  REQUIRE(depth > 0);
  constexpr int kTile = 128;
  const std::size_t size = area(kTile, depth);
  const DeviceArray x = DeviceArray::halves(random_halves(size, 1)), w = DeviceArray::halves(random_halves(size, 2)),
                    bias = DeviceArray::floats(Numbers(kTile)), y = DeviceArray::halves(Numbers(area(kTile, kTile))),
                    other = DeviceArray::halves(Numbers(area(kTile, kTile))),
                    sums = DeviceArray::floats(Numbers(area(kTile, kTile))),
                    mask = DeviceArray::integers(std::vector<std::uint32_t>(area(kTile, kTile) / 32, 0x55555555));
  TrainingProduct p{};
  p.x = x;
  p.w = w;
  p.y = y;
  p.m = p.n = p.y_stride = kTile;
  p.k = depth;
  p.x_stride = kind == ProductKind::weight_gradient ? kTile : depth;
  p.w_stride = kind == ProductKind::forward ? depth : kTile;
  p.scale = p.kept_scale = 1;
  if (kind == ProductKind::forward)
    p.bias = bias;
  if (setting("SCIEXAM_GELU") != 0)
    (kind == ProductKind::forward ? p.activated : p.inner) = other;
  if (setting("SCIEXAM_DROPOUT") != 0) {
    p.mask = mask;
    p.wide_residual = p.sums = sums;
  }
  if (kind == ProductKind::weight_gradient)
    p.sums = sums;
  training_kernels().product_with(true, kind, p, 1, nullptr);
  finish();
}

TEST_CASE("one head's training attention over SCIEXAM_TOKENS tokens, and rows", "[.counts]") {
  const int tokens = setting("SCIEXAM_TOKENS");
  REQUIRE(tokens > 0);
  constexpr int kDim = 64, kHidden = 1024;
  DebertaConfig config;
  config.relative_attention = true;
  config.position_buckets = 256;
  std::vector<std::uint16_t> rows = relative_rows_of(config, tokens);
  const std::uint16_t first = rows.front();
  for (std::uint16_t& row : rows)
    row = static_cast<std::uint16_t>(row - first);
  const int strip_rows = (rows.back() + 8) / 8 * 8;
  std::vector<std::int32_t> first_distances(static_cast<std::size_t>(strip_rows) + 1, tokens), list;
  for (int distance = tokens - 1; distance > -tokens; --distance)
    first_distances[rows[static_cast<std::size_t>(distance + tokens - 1)]] = distance;
  for (int query = 0; query < tokens; query += 64)
    list.insert(list.end(), {0, query});
  const DeviceArray qkv = DeviceArray::halves(random_halves(area(tokens, 3 * kDim), 1)),
                    strips = DeviceArray::halves(random_halves(area(tokens, strip_rows), 2)),
                    distances = DeviceArray::integers(rows), firsts = DeviceArray::integers(first_distances),
                    blocks = DeviceArray::integers(list),
                    offsets = DeviceArray::integers(std::vector<std::int32_t>{0, tokens}),
                    begins = DeviceArray::integers(std::vector<std::int64_t>{0}),
                    mask = DeviceArray::integers(std::vector<std::uint32_t>(area(tokens, tokens) / 32 + 1, ~0U)),
                    context = DeviceArray::halves(Numbers(area(tokens, kDim))),
                    d_qkv = DeviceArray::halves(Numbers(area(tokens, 3 * kDim))),
                    d_c2p = DeviceArray::halves(Numbers(area(tokens, strip_rows))),
                    d_p2c = DeviceArray::halves(Numbers(area(tokens, strip_rows))),
                    log_sums = DeviceArray::floats(Numbers(area(tokens, 1))),
                    dots = DeviceArray::floats(Numbers(area(tokens, 1)));
  TrainingAttention call{};
  call.q = qkv;
  call.k = qkv + 2 * kDim;
  call.v = qkv + 4 * kDim;
  call.c2p = call.p2c = strips;
  call.row_of_distance = distances + 2 * static_cast<std::uint64_t>(tokens - 1);
  call.first_distances = firsts;
  call.blocks = blocks;
  call.offsets = offsets;
  call.mask = mask;
  call.mask_begins = begins;
  call.context = context;
  call.log_sums = log_sums;
  call.d_context = context;
  call.dots = dots;
  call.d_q = d_qkv;
  call.d_k = d_qkv + 2 * kDim;
  call.d_v = d_qkv + 4 * kDim;
  call.d_c2p = d_c2p;
  call.d_p2c = d_p2c;
  call.tokens = tokens;
  call.qkv_stride = 3 * kDim;
  call.context_stride = kDim;
  call.strip_rows = strip_rows;
  call.scale = 0.1F;
  call.kept_scale = 1.1F;
  const auto count = static_cast<int>(list.size() / 2);
  training_kernels().attention_forward(call, count, 1, kDim, nullptr);
  training_kernels().attention_dots(context, context, dots, tokens, 1, kDim, nullptr);
  training_kernels().attention_backward(call, count, 1, kDim, nullptr);

  const DeviceArray wide = DeviceArray::floats(random_floats(area(tokens, kHidden), 3)),
                    hidden = DeviceArray::halves(random_halves(area(tokens, kHidden), 4)),
                    dropped = DeviceArray::halves(Numbers(area(tokens, kHidden))),
                    ones = DeviceArray::floats(Numbers(kHidden, 1)),
                    statistics = DeviceArray::floats(Numbers(area(tokens, 2), 1)),
                    bits = DeviceArray::integers(std::vector<std::uint32_t>(area(tokens, kHidden) / 32, ~0U)),
                    parts = DeviceArray::floats(Numbers(2 * area(parts_of_rows(tokens), kHidden)));
  training_kernels().dropout_mask(bits, area(tokens, kHidden), 1, {1, 2, 3}, 0.1, nullptr);
  training_kernels().layer_norm(wide, {ones, ones}, hidden, wide, statistics, tokens, kHidden, 1e-7F, nullptr);
  training_kernels().layer_norm_gradient(wide, statistics, ones, hidden, hidden, dropped, {bits, 1.1F}, tokens, kHidden,
                                         nullptr);
  training_kernels().sum_columns(hidden, parts, ones, tokens, kHidden, kHidden, false, nullptr);
  finish();
}

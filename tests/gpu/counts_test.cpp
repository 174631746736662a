// Hidden: one call of each kernel of deberta-v3-large for roofline.py, which reads the emulated driver's counts.
#include "checkpoint/config.hpp"
#include "gpu/device_fixture.hpp"
#include "gpu/device_support.hpp"

#include <cstdlib>

#include <catch2/catch_test_macros.hpp>

using namespace sciexam;
using namespace sciexam::test;

namespace {

int number(const char* name) {
  const char* text = std::getenv(name);
  return text == nullptr ? 0 : std::atoi(text);
}

} // namespace

TEST_CASE("one head's attention over SCIEXAM_TOKENS tokens, and their norm", "[.counts]") {
  const int tokens = number("SCIEXAM_TOKENS");
  REQUIRE(tokens > 0);
  constexpr int kDim = 64, kHidden = 1024;
  DebertaConfig config;
  config.relative_attention = true;
  config.position_buckets = 256;
  const auto rows = static_cast<std::size_t>(tokens);
  const DeviceArray qkv = DeviceArray::halves(random_halves(rows * 3 * kDim, 1)),
                    table = DeviceArray::halves(random_halves(512 * kDim, 2)),
                    distances = DeviceArray::integers(relative_rows_of(config, tokens)),
                    offsets = DeviceArray::integers(std::vector<std::int32_t>{0, tokens}),
                    context = DeviceArray::halves(Numbers(rows * kDim));
  std::vector<std::int32_t> list;
  for (int query = 0; query < tokens; query += 64)
    list.insert(list.end(), {0, query});
  const DeviceArray blocks = DeviceArray::integers(list);
  Attention attention{};
  attention.q = qkv;
  attention.k = qkv + 2 * kDim;
  attention.v = qkv + 4 * kDim;
  attention.q_stride = attention.kv_stride = 3 * kDim;
  attention.key_table = attention.query_table = table;
  attention.table_rows = 512;
  attention.row_of_distance = distances + 2 * (rows - 1);
  attention.blocks = blocks;
  attention.offsets = offsets;
  attention.context = context;
  attention.scale = 0.1F;
  device_kernels().attention(attention, static_cast<int>(list.size() / 2), 1, kDim, nullptr);

  const DeviceArray hidden = DeviceArray::halves(random_halves(rows * kHidden, 3)),
                    ones = DeviceArray::floats(Numbers(kHidden, 1));
  device_kernels().layer_norm(hidden, {ones, ones}, hidden, tokens, kHidden, 0, 1e-7F, nullptr);
  device().check(device().driver().ctx_synchronize(), "counting");
}

TEST_CASE("one tile of a product over SCIEXAM_DEPTH elements, with GELU or residual", "[.counts]") {
  const int depth = number("SCIEXAM_DEPTH");
  REQUIRE(depth > 0);
  constexpr int kTile = 128;
  const auto size = static_cast<std::size_t>(kTile * depth);
  const DeviceArray x = DeviceArray::halves(random_halves(size, 1)), w = DeviceArray::halves(random_halves(size, 2)),
                    bias = DeviceArray::floats(Numbers(kTile)), y = DeviceArray::halves(Numbers(kTile * kTile));
  Product product{};
  product.x = x;
  product.w = w;
  product.bias = bias;
  product.y = y;
  product.x_stride = product.k = depth;
  product.y_stride = product.m = product.n = kTile;
  product.gelu = number("SCIEXAM_GELU");
  product.residual = number("SCIEXAM_RESIDUAL") != 0 ? y.address() : 0;
  device_kernels().product_with(0, product, nullptr);
  device().check(device().driver().ctx_synchronize(), "counting");
}

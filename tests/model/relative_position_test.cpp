#include "catch_beside_torch.hpp"
#include "checkpoint/relative_position.hpp"
#include "golden/golden.hpp"
#include "model/reference.hpp"

using namespace sciexam;

TEST_CASE("golden: buckets of all distances equal the reference's", "[golden]") {
  for (const auto& source : golden::sources()) {
    INFO(source);
    const auto file = source / "buckets.safetensors";
    if (source != golden::own() && !std::filesystem::exists(file))
      continue;
    const test::Tensors golden = test::read_tensors(file);
    const auto* distances = golden.at("rel").const_data_ptr<std::int64_t>();
    int configurations = 0;
    for (const auto& [name, buckets] : golden) {
      long position_buckets = 0, max_position = 0;
      if (std::sscanf(name.c_str(), "torch_f32.b%ld_m%ld", &position_buckets, &max_position) != 2)
        continue;
      ++configurations;
      int wrong = 0;
      for (std::int64_t i = 0; i < buckets.numel(); ++i)
        wrong += log_bucket_position(distances[i], position_buckets, max_position) !=
                 buckets.const_data_ptr<std::int64_t>()[i];
      INFO(name);
      CHECK(wrong == 0);
    }
    CHECK(configurations >= 1);
  }
}

TEST_CASE("buckets are odd, monotone, and the identity up to half their number") {
  for (std::int64_t d = -600; d <= 600; ++d) {
    CHECK(log_bucket_position(-d, 256, 512) == -log_bucket_position(d, 256, 512));
    CHECK(log_bucket_position(d, 256, 512) <= log_bucket_position(d + 1, 256, 512));
    if (std::abs(d) <= 128)
      CHECK(log_bucket_position(d, 256, 512) == d);
  }
  CHECK(log_bucket_position(511, 256, 512) == 255);
}

TEST_CASE("relative rows stay inside the table, and without buckets are clamped distances") {
  DebertaConfig config;
  config.position_buckets = 0;
  config.max_relative_positions = 4;
  CHECK(relative_row(0, config) == 4);
  CHECK(relative_row(3, config) == 7);
  CHECK(relative_row(100, config) == 7);
  CHECK(relative_row(-100, config) == 0);
  CHECK(relative_rows_by_distance(3, config) == std::vector<std::int64_t>{6, 5, 4, 3, 2, 1});
}

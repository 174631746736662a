// The network behind its helper against the CPU's in double, on the same weights: every kind of configuration, and
// sequences longer than the relative table reaches.
#include "gpu/device_process.hpp"
#include "gpu/device_support.hpp"
#include "model/tiny_networks.hpp"
#include "support/random.hpp"

#include <cmath>
#include <cstdlib>
#include <iostream>
#include <set>

#include <ATen/core/grad_mode.h>
#include <catch2/catch_test_macros.hpp>

using namespace sciexam;
using namespace sciexam::test;

namespace {

std::vector<float> on_device(const DebertaForMultipleChoice& network, const PackedSequences& batch) {
  ::setenv("SCIEXAM_CUDA_LIBRARY", SCIEXAM_EMULATED_DRIVER, 1);
  const auto tokens = static_cast<std::int32_t>(batch.offsets.back()),
             longest = static_cast<std::int32_t>(batch.longest());
  const DeviceLimits limits{
      .tokens = tokens, .sequences = static_cast<std::int32_t>(batch.sequences()), .longest = longest};
  constexpr double kTimeout = 300; // one answer of the emulated device
  DeviceProcess device(0, {}, kTimeout);
  device.facts();
  device.open_network(network_shape(network.config()), limits, relative_rows_of(network.config(), longest));
  for (const auto& [name, tensor] : network.parameters()) {
    const auto* values = tensor.const_data_ptr<double>();
    const std::vector<float> floats(values, values + tensor.numel());
    device.load(name, 0, DeviceElement::f32, std::as_bytes(std::span(floats)));
  }
  device.finish_loading(false);
  const auto narrow = [&](const at::Tensor& ids) {
    return std::vector<std::int32_t>(ids.const_data_ptr<std::int64_t>(), ids.const_data_ptr<std::int64_t>() + tokens);
  };
  const std::vector<std::int32_t> ids = narrow(batch.input_ids), types = narrow(batch.token_type_ids),
                                  offsets(batch.offsets.begin(), batch.offsets.end());
  device.submit({ids, types, offsets});
  return device.wait();
}

double furthest(const DebertaConfig& config, const std::vector<std::int64_t>& lengths) {
  const at::NoGradGuard no_grad;
  const DebertaForMultipleChoice network = half_network(config);
  const PackedSequences batch = random_batch(config, lengths);
  const at::Tensor expected = network.forward(batch).logits;
  const std::vector<float> found = on_device(network, batch);
  REQUIRE(found.size() == lengths.size());
  double most = 0;
  for (std::size_t i = 0; i < found.size(); ++i) {
    const double apart = std::abs(found[i] - expected.const_data_ptr<double>()[i]);
    most = std::max(most, std::isfinite(apart) ? apart : INFINITY);
  }
  return most;
}

} // namespace

TEST_CASE("every kind of network gives the CPU's logits on the device, except those that it refuses by name") {
  std::set<std::string> refused;
  for (auto [name, config] : config_variants()) {
    INFO(name);
    config.hidden_size = config.pooler_hidden_size = 24; // the kernels need multiples of 8
    config.embedding_size = config.embedding_size < tiny_config().hidden_size ? 20 : 24;
    if (!why_not_on_device(config).empty()) {
      refused.insert(name);
      continue;
    }
    const double apart = furthest(config, {16, 1, 7, 9});
    std::cout << name << ": " << apart << '\n';
    CHECK(apart < 5e-3);
  }
  CHECK(refused == std::set<std::string>{"convolution", "tanh approximation and silu"});
}

TEST_CASE("a sequence of 1,024 tokens gives the CPU's logit on the device, where the table ends at 512") {
  DebertaConfig config = tiny_config();
  config.hidden_size = config.embedding_size = config.pooler_hidden_size = 24;
  config.max_position_embeddings = 512;
  config.position_buckets = 256;
  const double apart = furthest(config, {1024, 5});
  std::cout << "1,024 tokens: " << apart << '\n';
  CHECK(apart < 5e-3);
}

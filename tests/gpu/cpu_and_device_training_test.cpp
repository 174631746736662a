// Gradients behind the helper against LibTorch's in double, on the same weights, with the same masks of dropout: every
// kind of configuration, frozen parts, recomputed layers.
#include "gpu/device_support.hpp"
#include "gpu/training_process.hpp"
#include "model/tiny_networks.hpp"

#include <cmath>
#include <cstdlib>
#include <iostream>
#include <set>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/tensor.h>
#include <catch2/catch_test_macros.hpp>

using namespace sciexam;
using namespace sciexam::test;

namespace {

constexpr double kScale = 4096;
constexpr std::uint64_t kSeed = 11;
/// Activations are rounded to f16; most of all where a gradient is a small difference of large ones, as of
/// key_proj.bias.
constexpr double kTolerance = 1e-2;

/// Of logit s in the loss.
double slope_of(std::size_t s) {
  return 0.5 - 0.3 * static_cast<double>(s % 4);
}

struct Trained {
  DebertaConfig config;
  TrainingSetup setup;
  std::int64_t frozen_layers = 0;
};

std::vector<std::vector<float>> on_device(const Trained& how, const DebertaForMultipleChoice& network,
                                          const PackedSequences& batch) {
  ::setenv("SCIEXAM_CUDA_LIBRARY", SCIEXAM_EMULATED_DRIVER, 1);
  const auto tokens = static_cast<std::int32_t>(batch.offsets.back()),
             longest = static_cast<std::int32_t>(batch.longest());
  const DeviceLimits limits{
      .tokens = tokens + 9, .sequences = static_cast<std::int32_t>(batch.sequences()) + 1, .longest = longest + 3};
  constexpr double kTimeout = 600; // one answer of the emulated device
  DeviceProcess device(0, {}, kTimeout);
  device.facts();
  TrainingProcess training(device, network_shape(how.config), how.setup, limits,
                           relative_rows_of(how.config, limits.longest));
  for (const auto& [name, tensor] : network.parameters()) {
    const auto* values = tensor.const_data_ptr<double>();
    training.write(name, TrainingArray::weights, 0, std::vector<float>(values, values + tensor.numel()));
  }
  training.round_weights();
  const auto narrow = [&](const at::Tensor& ids) {
    return std::vector<std::int32_t>(ids.const_data_ptr<std::int64_t>(), ids.const_data_ptr<std::int64_t>() + tokens);
  };
  const std::vector<std::int32_t> ids = narrow(batch.input_ids), types = narrow(batch.token_type_ids),
                                  offsets(batch.offsets.begin(), batch.offsets.end());
  for (std::uint32_t pass = 0; pass < 2; ++pass) { // of one step: gradients add up
    const std::vector<float> logits = training.forward({ids, types, offsets}, TrainingPass{kSeed, 3, pass});
    std::vector<float> d_logits;
    for (std::size_t s = 0; s < logits.size(); ++s)
      d_logits.push_back(static_cast<float>(slope_of(s) * kScale));
    training.backward(d_logits);
  }
  std::vector<std::vector<float>> gradients;
  for (const auto& [name, tensor] : network.parameters()) {
    gradients.emplace_back(static_cast<std::size_t>(tensor.numel()));
    training.read(name, TrainingArray::gradients, 0, gradients.back());
  }
  return gradients;
}

/// |found - expected| / |expected| over all tensors together, and each tensor's difference in units of the largest
/// element's size.
double furthest(const Trained& how) {
  const DebertaForMultipleChoice network = half_network(how.config);
  const PackedSequences batch = random_batch(how.config, {16, 1, 7, 9});
  for (const auto& [name, tensor] : network.parameters()) {
    const std::size_t at = name.find("layer.") + 6;
    const bool is_frozen = how.frozen_layers > 0 && (name.find("embeddings.") == 8 || name.substr(at, 2) == "0.");
    tensor.set_requires_grad(!is_frozen);
  }
  for (std::uint32_t pass = 0; pass < 2; ++pass) {
    const at::AutoGradMode with_gradient(true);
    const Dropout dropout(kSeed, 3, pass);
    const at::Tensor logits = network.forward(batch, {.dropout = &dropout, .frozen_layers = how.frozen_layers}).logits;
    std::vector<double> slopes;
    for (std::int64_t s = 0; s < logits.numel(); ++s)
      slopes.push_back(slope_of(static_cast<std::size_t>(s)));
    logits.backward(at::tensor(slopes, at::TensorOptions(at::kDouble)));
  }
  const std::vector<std::vector<float>> found = on_device(how, network, batch);
  double largest = 0, most = 0;
  std::string which;
  for (const auto& [name, tensor] : network.parameters())
    if (tensor.grad().defined())
      largest = std::max(largest, tensor.grad().abs().max().item<double>());
  for (std::size_t i = 0; i < found.size(); ++i) {
    const auto& [name, tensor] = network.parameters()[i];
    double apart = 0, all = 0;
    for (std::size_t j = 0; j < found[i].size(); ++j) {
      const double expected = tensor.grad().defined() ? tensor.grad().const_data_ptr<double>()[j] : 0;
      apart += (found[i][j] / kScale - expected) * (found[i][j] / kScale - expected);
      all += expected * expected;
    }
    const double floor = 1e-2 * largest * std::sqrt(static_cast<double>(found[i].size()));
    const double error = std::isfinite(apart) ? std::sqrt(apart) / std::max(std::sqrt(all), floor) : INFINITY;
    if (error > most) {
      most = error;
      which = name;
    }
  }
  std::cout << "  " << which << ": ";
  return most;
}

DebertaConfig on_device_config(DebertaConfig config) {
  config.hidden_size = config.pooler_hidden_size = 24; // the kernels need multiples of 8
  config.embedding_size = config.embedding_size < tiny_config().hidden_size ? 20 : 24;
  return config;
}

} // namespace

TEST_CASE("every kind of network has the CPU's gradients on the device, with the same masks of dropout") {
  for (auto [name, config] : config_variants()) {
    INFO(name);
    config = on_device_config(config);
    if (!why_not_on_device(config).empty())
      continue;
    config.hidden_dropout_prob = 0.1;
    config.attention_probs_dropout_prob = 0.2;
    TrainingSetup setup{.hidden_dropout = 0.1,
                        .attention_dropout = 0.2,
                        .pooler_dropout = config.pooler_dropout,
                        .classifier_dropout = config.classifier_dropout()};
    const double apart = furthest({config, setup});
    std::cout << name << ": " << apart << '\n';
    CHECK(apart < kTolerance);
  }
}

TEST_CASE("frozen parts have no gradients on the device, the others' are the CPU's, with layers recomputed or not") {
  DebertaConfig config = on_device_config(tiny_config());
  config.hidden_dropout_prob = 0.1;
  for (const bool recomputes : {false, true}) {
    TrainingSetup setup{.hidden_dropout = 0.1, .frozen_layers = 1, .recomputes = recomputes};
    setup.attention_dropout = config.attention_probs_dropout_prob;
    setup.pooler_dropout = config.pooler_dropout;
    setup.classifier_dropout = config.classifier_dropout();
    const double apart = furthest({config, setup, 1});
    std::cout << "frozen, recomputes " << recomputes << ": " << apart << '\n';
    CHECK(apart < kTolerance);
  }
}

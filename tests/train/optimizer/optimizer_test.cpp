#include "catch_beside_torch.hpp"
#include "model/reference.hpp"
#include "model/tiny_networks.hpp"
#include "train/optimizer/adamw.hpp"

#include <algorithm>
#include <cmath>

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/sin.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>

using namespace sciexam;
using namespace sciexam::test;

namespace {

TrainingSettings settings_with_decay(double weight_decay) {
  TrainingSettings settings;
  settings.weight_decay = weight_decay;
  return settings;
}

/// Gradients that differ from step to step.
void make_gradients(const AdamW& optimizer, int step) {
  for (const TrainedParameter& parameter : optimizer.parameters())
    if (!parameter.in_rows)
      parameter.tensor.mutable_grad() =
          at::sin(at::arange(parameter.tensor.numel(), at::TensorOptions(at::kFloat)) + step)
              .view(parameter.tensor.sizes());
}

void add_rows(RowGradients& rows, const std::vector<std::int64_t>& ids, int step) {
  const auto count = static_cast<std::int64_t>(ids.size());
  rows.add(at::tensor(ids, at::TensorOptions(at::kLong)),
           at::sin(at::arange(count * 12, at::TensorOptions(at::kFloat)) * (step + 1)).view({count, 12}));
}

double difference(const DebertaForMultipleChoice& a, const DebertaForMultipleChoice& b) {
  double most = 0;
  for (std::size_t i = 0; i < a.parameters().size(); ++i)
    most = std::max(most, max_difference(a.parameters()[i].second.detach(), b.parameters()[i].second.detach()));
  return most;
}

} // namespace

TEST_CASE("rows looked up twice have the sum of both gradients") {
  RowGradients rows(2);
  const at::Tensor values = at::tensor({1.0F, 2.0F, 10.0F, 20.0F, 100.0F, 200.0F}).view({3, 2});
  rows.add(at::tensor(std::vector<std::int64_t>{5, 3, 5}, at::TensorOptions(at::kLong)), values);
  REQUIRE(rows.rows().size() == 2);
  CHECK(rows.rows()[0] == 5);
  CHECK(rows.values(0)[0] == 101.0F);
  CHECK(rows.values(1)[1] == 20.0F);
  rows.clear();
  CHECK(rows.empty());
}

TEST_CASE("word embeddings trained by rows move as a dense gradient would move them") {
  for (const double decay : {0.0, 0.1}) {
    const DebertaForMultipleChoice by_rows = random_network(tiny_config()), dense = random_network(tiny_config());
    TrainingSettings settings = settings_with_decay(decay);
    AdamW first(trained_parameters(by_rows, settings), settings);
    std::vector<TrainedParameter> parameters = trained_parameters(dense, settings);
    REQUIRE(parameters.front().in_rows);
    parameters.front().in_rows = false;
    AdamW second(parameters, settings);
    RowGradients rows(12), none(12);
    for (int step = 0; step < 4; ++step) {
      make_gradients(first, step);
      make_gradients(second, step);
      add_rows(rows, {3, static_cast<std::int64_t>(4 + step), 3}, step);
      const at::Tensor gradient = at::zeros({20, 12});
      for (std::size_t i = 0; i < rows.rows().size(); ++i)
        for (std::int64_t j = 0; j < 12; ++j)
          gradient[rows.rows()[i]][j] = rows.values(i)[static_cast<std::size_t>(j)];
      parameters.front().tensor.mutable_grad() = gradient;
      CHECK(std::abs(first.gradient_norm(rows) - second.gradient_norm(none)) < 1e-6);
      first.step(0.01, 0.5, rows);
      second.step(0.01, 0.5, none);
      rows.clear();
    }
    CHECK(difference(by_rows, dense) == 0);
  }
}

TEST_CASE("biases and LayerNorm decay only if asked to") {
  for (const bool all : {false, true}) {
    const DebertaForMultipleChoice network = random_network(tiny_config());
    TrainingSettings settings = settings_with_decay(0.5);
    settings.decay_bias_and_norm = all;
    for (const TrainedParameter& parameter : trained_parameters(network, settings)) {
      const bool exempt = parameter.name.ends_with(".bias") || parameter.name.find("LayerNorm") != std::string::npos;
      INFO(parameter.name);
      CHECK(parameter.weight_decay == (exempt && !all ? 0.0 : 0.5));
    }
  }
}

TEST_CASE("layer-wise decay slows layers by their distance from the head") {
  CHECK(layerwise_scale("classifier.weight", 4, 0.5) == 1.0);
  CHECK(layerwise_scale("deberta.encoder.layer.3.output.dense.bias", 4, 0.5) == 0.5);
  CHECK(layerwise_scale("deberta.encoder.layer.0.output.dense.bias", 4, 0.5) == 0.0625);
  CHECK(layerwise_scale("deberta.embeddings.word_embeddings.weight", 4, 0.5) == 0.03125);
}

TEST_CASE("frozen parameters are not trained and ask for no gradient") {
  const DebertaForMultipleChoice network = random_network(tiny_config());
  TrainingSettings settings;
  settings.freeze_embeddings = settings.freeze_relative_embeddings = true;
  settings.freeze_layers = 1;
  for (const TrainedParameter& parameter : trained_parameters(network, settings))
    CHECK((parameter.name.starts_with("deberta.encoder.layer.1.") || !parameter.name.starts_with("deberta.")));
  for (const auto& [name, tensor] : network.parameters())
    CHECK(tensor.requires_grad() == (name.starts_with("deberta.encoder.layer.1.") || !name.starts_with("deberta.")));
}

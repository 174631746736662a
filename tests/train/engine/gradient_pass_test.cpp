#include "catch_beside_torch.hpp"
#include "model/reference.hpp"
#include "model/tiny_networks.hpp"
#include "train/engine/gradient_pass.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/sin.h>
#include <ATen/ops/tensor.h>

using namespace sciexam;
using namespace sciexam::test;

TEST_CASE("label smoothing spreads its share of the target over all options") {
  const std::array<double, 10> scores = {0.5, -1, 2, 0, 1, 3, 0.25, -2, 1, 1.5};
  const std::array<int, 2> answers = {2, 4};
  const at::Tensor logits = at::tensor(std::vector<double>(scores.begin(), scores.end()));
  for (const double smoothing : {0.0, 0.1, 0.9}) {
    double expected = 0; // of both questions
    for (std::size_t q = 0; q < 2; ++q) {
      double sum = 0;
      for (std::size_t option = 0; option < 5; ++option)
        sum += std::exp(scores[5 * q + option]);
      for (std::size_t option = 0; option < 5; ++option) {
        const double target = smoothing / 5 + (static_cast<int>(option) == answers[q] ? 1 - smoothing : 0);
        expected -= target * (scores[5 * q + option] - std::log(sum));
      }
    }
    INFO(smoothing);
    CHECK(std::abs(summed_cross_entropy(logits, answers, smoothing).item<double>() - expected) < 1e-12);
  }
}

TEST_CASE("an adversary moves the encoder's dense weights up their gradients, within its bound, and back to the bit") {
  const at::NoGradGuard no_grad;
  const DebertaForMultipleChoice network = random_network(tiny_config());
  TrainingSettings settings;
  settings.awp_lr = 0.01;
  settings.awp_eps = 0.005;
  const AdamW optimizer(trained_parameters(network, settings), settings);
  std::map<std::string, at::Tensor> before;
  for (const TrainedParameter& parameter : optimizer.parameters()) {
    before[parameter.name] = parameter.tensor.detach().clone();
    if (!parameter.in_rows)
      parameter.tensor.mutable_grad() =
          at::sin(at::arange(parameter.tensor.numel(), at::TensorOptions(at::kFloat))).view(parameter.tensor.sizes());
  }
  std::size_t moved = 0, bounded = 0;
  {
    const WeightPerturbation perturbed(optimizer, settings);
    for (const TrainedParameter& parameter : optimizer.parameters()) {
      const at::Tensor now = parameter.tensor.detach().flatten(), old = before.at(parameter.name).flatten();
      INFO(parameter.name);
      if (!parameter.name.starts_with("deberta.encoder.layer.") || parameter.tensor.dim() != 2) {
        CHECK(max_difference(now, old) == 0);
        continue;
      }
      const at::Tensor gradient = parameter.tensor.grad().flatten();
      const double reach = settings.awp_lr * old.norm().item<double>() / gradient.norm().item<double>();
      for (std::int64_t i = 0; i < old.numel(); ++i) {
        const double w = old[i].item<double>(), most = settings.awp_eps * std::abs(w);
        const double step = std::clamp(reach * gradient[i].item<double>(), -most, most);
        CHECK(std::abs(now[i].item<double>() - (w + step)) < 1e-6);
        moved += step != 0;
        bounded += std::abs(step) == most;
      }
    }
  }
  CHECK(moved > 1000);
  CHECK(bounded > 100);
  CHECK(bounded < moved - 100);
  for (const TrainedParameter& parameter : optimizer.parameters())
    CHECK(max_difference(parameter.tensor.detach(), before.at(parameter.name)) == 0);
}

// Ten steps of AdamW against the reference: gradients that are right once can
// still be wrong in scale or sign of a rare path; ten updates show it.
#include "catch_beside_torch.hpp" // last: see there
#include "golden/golden.hpp"
#include "model/reference.hpp"
#include "support/json.hpp"

#include <cmath>

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/zeros_like.h>

using namespace sciexam;
using namespace sciexam::test;

namespace {

/// AdamW with decoupled decay. `decay_last`: the decay follows the step (transformers' AdamW),
/// else it precedes it (torch.optim.AdamW).
struct AdamW {
  double weight_decay, beta1, beta2, eps;
  bool decay_last;
  std::map<std::string, std::pair<at::Tensor, at::Tensor>> moments = {};
  int steps = 0;

  void step(const DebertaForMultipleChoice& network, double lr, double gradient_scale) {
    ++steps;
    for (const auto& [name, parameter] : network.parameters()) {
      const at::Tensor gradient = parameter.grad() * gradient_scale;
      auto& [m, v] = moments.try_emplace(name, at::zeros_like(gradient), at::zeros_like(gradient)).first->second;
      if (!decay_last)
        parameter.mul_(1 - lr * weight_decay);
      m.mul_(beta1).add_(gradient, 1 - beta1);
      v.mul_(beta2).addcmul_(gradient, gradient, 1 - beta2);
      const double correction1 = 1 - std::pow(beta1, steps), correction2 = 1 - std::pow(beta2, steps);
      // transformers adds eps before the bias correction of the second moment, torch after it.
      if (decay_last) {
        parameter.addcdiv_(m, v.sqrt().add_(eps), -lr * std::sqrt(correction2) / correction1);
        parameter.mul_(1 - lr * weight_decay);
      } else {
        parameter.addcdiv_(m, (v.sqrt() / std::sqrt(correction2)).add_(eps), -lr / correction1);
      }
    }
  }
};

void follow(const std::filesystem::path& folder, const std::string& run_name, const JsonView& run) {
  INFO(folder << " " << run_name);
  const Tensors io = read_tensors(folder / "io.safetensors"), expected = read_tensors(folder / "train.safetensors");
  const DebertaForMultipleChoice network = load(folder, "model.safetensors");
  for (const auto& [name, parameter] : network.parameters())
    parameter.requires_grad_(true);
  AdamW optimizer{run.at("weight_decay").number(), run.at("betas").at(std::size_t{0}).number(),
                  run.at("betas").at(1).number(), run.at("eps").number(), run.at("optimizer").string() == "adamw_hf"};
  const JsonView log = run.at("log");
  for (std::size_t i = 0; i < log.size(); ++i) {
    const JsonView step = log.at(i);
    const std::int64_t row = step.at("row").integer(0, 1 << 20);
    const at::Tensor loss = cross_entropy(network.forward(pack(io, {row})).logits, io.at("labels").narrow(0, row, 1));
    loss.backward();
    const at::NoGradGuard no_grad;
    double squares = 0;
    for (const auto& [name, parameter] : network.parameters())
      squares += parameter.grad().to(at::kDouble).square().sum().item<double>();
    const double norm = std::sqrt(squares), clip = run.at("max_grad_norm").number();
    CHECK(std::abs(loss.item<double>() - step.at("loss").number()) < 1e-3 * (1 + step.at("loss").number()));
    CHECK(std::abs(norm - step.at("grad_norm").number()) < 5e-3 * (1 + norm));
    optimizer.step(network, step.at("lr").number(), std::min(1.0, clip / (norm + 1e-6)));
    for (const auto& [name, parameter] : network.parameters())
      parameter.mutable_grad() = at::Tensor();
  }
  const at::NoGradGuard no_grad;
  // Adam divides by the gradient's size: where a gradient is all rounding noise (key biases do not
  // move the softmax at all) a step of lr in either direction is right, so the weights are held to lr.
  for (const auto& [name, parameter] : network.parameters()) {
    INFO(name);
    CHECK(max_difference(parameter, expected.at(run_name + "." + name)) < run.at("lr").number());
  }
  const double difference = max_difference(network.forward(pack(io)).logits, expected.at(run_name + ".__logits__"));
  INFO("logits after ten steps differ by " << difference);
  CHECK(difference < 5e-3);
}

} // namespace

TEST_CASE("golden: ten steps of AdamW follow the reference's trajectories", "[golden]") {
  const auto folders = golden::folders_with("train.json");
  if (folders.empty())
    SKIP("no training trajectories in " << golden::folder());
  for (const auto& folder : folders) {
    const JsonDocument document = JsonDocument::from_file(folder / "train.json");
    for (const auto& [name, run] : document.root().at("runs").json().items())
      follow(folder, name, document.root().at("runs").at(name));
  }
}

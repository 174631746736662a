// The dense layers' arithmetic in bf16.
#include "catch_beside_torch.hpp"
#include "model/bf16_linear.hpp"
#include "model/reference.hpp"
#include "model/tiny_networks.hpp"
#include "support/errors.hpp"

#include <array>

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/sin.h>
#include <ATen/ops/tensor.h>

using namespace sciexam;
using namespace sciexam::test;

namespace {

/// [rows, columns] of integers from -8 to 8: exact in bf16, and their sums of products in f32.
at::Tensor whole_numbers(std::int64_t rows, std::int64_t columns, double phase) {
  return (at::sin(at::arange(rows * columns, at::TensorOptions(at::kDouble)) * (1 + phase)) * 8)
      .to(at::kLong)
      .to(at::kDouble)
      .view({rows, columns});
}

at::Tensor floats(std::vector<float> values, std::int64_t rows) {
  return at::tensor(values).view({rows, -1}).requires_grad_(true);
}

} // namespace

TEST_CASE("for numbers that bf16 represents exactly, the product and its gradients are exact") {
  for (const auto& [rows, in, out] : {std::array<std::int64_t, 3>{7, 5, 3}, {1, 1, 1}, {130, 96, 200}}) {
    INFO(rows << " x " << in << " x " << out);
    std::vector<at::Tensor> expected = {whole_numbers(rows, in, 0.1), whole_numbers(out, in, 0.2),
                                        whole_numbers(1, out, 0.3).view({out})};
    std::vector<at::Tensor> ours;
    for (const at::Tensor& tensor : expected) {
      tensor.set_requires_grad(true);
      ours.push_back(tensor.detach().to(at::kFloat).requires_grad_(true));
    }
    const at::Tensor y = bf16_linear(ours[0], ours[1], ours[2]), weight = whole_numbers(rows, out, 0.4),
                     reference = at::linear(expected[0], expected[1], expected[2]);
    CHECK(max_difference(y, reference) == 0);
    (reference * weight).sum().backward();
    (y * weight.to(at::kFloat)).sum().backward();
    for (std::size_t i = 0; i < ours.size(); ++i) {
      CHECK(ours[i].grad().scalar_type() == at::kFloat);
      CHECK(max_difference(ours[i].grad(), expected[i].grad()) == 0);
    }
  }
}

TEST_CASE("factors are rounded to the nearest bf16, ties to even, in the backward pass too; sums are not rounded") {
  constexpr float kUnit = 1.0F / 128; // bf16's last place at 1
  const at::Tensor x = floats({1 + kUnit / 2, 1 + 1.5F * kUnit, 1 + 0.6F * kUnit, 256}, 1);
  const at::Tensor weight = floats({1, 1, 1, 1, 1 + 0.4F * kUnit, 0, 0, 0}, 2);
  const at::Tensor y = bf16_linear(x, weight, {});
  CHECK(y[0][0].item<float>() == 259 + 3 * kUnit); // 1 + (1 + 2 units) + (1 + 1 unit) + 256
  CHECK(y[0][1].item<float>() == 1);
  (y * at::tensor({1 + 0.4F * kUnit, 3 + 2.2F * kUnit}).view({1, 2})).sum().backward();
  CHECK(x.grad()[0][0].item<float>() == 1 + 3 + 2 * kUnit);
  CHECK(weight.grad()[1][1].item<float>() == (3 + 2 * kUnit) * (1 + 2 * kUnit));
  CHECK(weight.grad()[0][3].item<float>() == 256);
}

TEST_CASE("a product works without a bias, and with a factor that is not trained") {
  const at::Tensor x = floats({1, 2, 3, 4}, 2), weight = at::tensor({5.0F, 6.0F}).view({1, 2});
  bf16_linear(x, weight, {}).sum().backward();
  CHECK(max_difference(x.grad(), at::tensor({5.0F, 6.0F, 5.0F, 6.0F}).view({2, 2})) == 0);
  CHECK(!weight.grad().defined());
  const at::NoGradGuard no_grad;
  CHECK(max_difference(bf16_linear(x, weight, {}), at::tensor({17.0F, 39.0F})) == 0);
}

TEST_CASE("answering in bf16 computes what a training pass in bf16 does, up to the order of summation and attention") {
  const at::NoGradGuard no_grad;
  const DebertaForMultipleChoice network = random_network(tiny_config());
  const auto packed = packed_copy(network, DType::f32, Precision::bf16);
  const auto share_of_rounding = [&](const std::vector<std::int64_t>& lengths) {
    const PackedSequences batch = random_batch(network.config(), lengths);
    const at::Tensor trained = network.forward(batch, {.bf16 = true}).logits, exact = network.forward(batch).logits;
    return max_difference(packed->forward(batch)->logits, trained) / max_difference(trained, exact);
  };
  // A sum in another order may be rounded to another bf16. Attention of a token to itself alone is v, also with
  // integers: there is nothing else to differ.
  CHECK(share_of_rounding({1, 1, 1, 1, 1, 1, 1, 1}) < 0.1);
  // Elsewhere it multiplies integers, and what differs a little may be rounded to another bf16 in the next layer.
  CHECK(share_of_rounding({5, 17, 1, 40}) < 0.5);
}

TEST_CASE("a network that cannot be packed is refused in bf16") {
  DebertaConfig config = tiny_config();
  config.hidden_act = "relu";
  CHECK_THROWS_AS(packed_copy(random_network(config), DType::f32, Precision::bf16), UsageError);
}

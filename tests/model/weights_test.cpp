#include "catch_beside_torch.hpp"
#include "checkpoint/checkpoint.hpp"
#include "model/reference.hpp"
#include "model/tiny_networks.hpp"
#include "model/weights.hpp"
#include "support/errors.hpp"
#include "temporary_folder.hpp"

#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace sciexam;
using namespace sciexam::test;
using Catch::Matchers::ContainsSubstring;

namespace {

/// Weights -0.5 .. 0.5, all different within a tensor; exact in f16.
void fill(const DebertaForMultipleChoice& network) {
  for (const auto& [name, parameter] : network.parameters())
    parameter.copy_(((at::arange(parameter.numel()) * 37).remainder(101) / 128.0 - 0.375).view(parameter.sizes()));
}

} // namespace

TEST_CASE("weights written are the weights read") {
  const TemporaryFolder folder;
  const DebertaForMultipleChoice network(tiny_config());
  fill(network);
  for (const DType dtype : {DType::f32, DType::f16}) {
    save_weights(network, folder / "model.safetensors", dtype);
    DebertaForMultipleChoice again(tiny_config());
    CHECK(load_weights(again, *open_checkpoint(folder / "model.safetensors"), Purpose::answering, 2).empty());
    for (std::size_t i = 0; i < network.parameters().size(); ++i)
      CHECK(max_difference(network.parameters()[i].second, again.parameters()[i].second) == 0);
  }
}

TEST_CASE("a checkpoint of another shape is refused by the tensor's name") {
  const TemporaryFolder folder;
  const DebertaForMultipleChoice network(tiny_config());
  fill(network);
  save_weights(network, folder / "model.safetensors", DType::f32);
  DebertaConfig wider = tiny_config();
  wider.intermediate_size += 4;
  DebertaForMultipleChoice other(wider);
  CHECK_THROWS_WITH(load_weights(other, *open_checkpoint(folder / "model.safetensors"), Purpose::answering, 1),
                    ContainsSubstring("deberta.encoder.layer.0.intermediate.dense"));
}

#include "catch_beside_torch.hpp"
#include "model/reference.hpp"
#include "model/tiny_networks.hpp"
#include "train/engine/initial_weights.hpp"

#include <cmath>

#include <ATen/TensorOperators.h>

using namespace sciexam;
using namespace sciexam::test;

TEST_CASE("fresh weights are the same for the same seed, of the size that the configuration says") {
  DebertaConfig config = tiny_config();
  config.vocab_size = 5000;
  const DebertaForMultipleChoice first(config), second(config);
  initialise_weights(first, 3);
  initialise_weights(second, 3);
  CHECK(max_difference(first.parameters().front().second, second.parameters().front().second) == 0);
  initialise_weights(second, 4);
  CHECK(max_difference(first.parameters().front().second, second.parameters().front().second) > 0);
  CHECK(std::abs(first.parameters().front().second.std().item<double>() - 0.02) < 0.001);
}

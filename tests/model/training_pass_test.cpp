// The network as training uses it: gradients of every kind of layer, dropout, checkpointing, freezing.
#include "catch_beside_torch.hpp"
#include "model/disentangled_attention.hpp"
#include "model/reference.hpp"
#include "model/tiny_networks.hpp"

#include <cmath>
#include <span>

#include <ATen/Parallel.h>
#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/sin.h>

using namespace sciexam;
using namespace sciexam::test;

namespace {

const std::vector<std::int64_t> kLengths = {5, 1, 9, 5, 12};

/// A smooth function of all logits.
at::Tensor loss_of(const at::Tensor& logits) {
  return (logits * at::sin(at::arange(1, logits.numel() + 1, logits.options()))).sum() + logits.square().sum();
}

at::Tensor loss_of(const DebertaForMultipleChoice& network, const PackedSequences& batch,
                   const ForwardOptions& options) {
  return loss_of(network.forward(batch, options).logits);
}

DebertaConfig with_dropout(DebertaConfig config) {
  config.hidden_dropout_prob = 0.2;
  config.attention_probs_dropout_prob = 0.3;
  config.pooler_dropout = 0.1;
  return config;
}

void ask_for_gradients(const DebertaForMultipleChoice& network) {
  for (const auto& [name, parameter] : network.parameters())
    parameter.set_requires_grad(true);
}

std::vector<at::Tensor> gradients(const DebertaForMultipleChoice& network, const PackedSequences& batch,
                                  const ForwardOptions& options) {
  ask_for_gradients(network);
  loss_of(network, batch, options).backward();
  std::vector<at::Tensor> all;
  for (const auto& [name, parameter] : network.parameters()) {
    all.push_back(parameter.grad().defined() ? parameter.grad().clone() : at::Tensor());
    parameter.mutable_grad() = at::Tensor();
  }
  return all;
}

PackedSequences sequence_of(const PackedSequences& batch, std::size_t s) {
  const std::int64_t first = batch.offsets[s], length = batch.offsets[s + 1] - first;
  return {batch.input_ids.narrow(0, first, length), batch.token_type_ids.narrow(0, first, length), {0, length}};
}

/// Contexts and gradients, with dropout too, against the plain version.
void check_attention(const DebertaConfig& config, std::span<const std::int64_t> lengths) {
  std::vector<std::int64_t> offsets{0};
  for (const std::int64_t length : lengths)
    offsets.push_back(offsets.back() + length);
  AttentionOptions options = attention_options(config);
  options.dropout_probability = 0.25;
  options.dropout = RandomStream{1, {2, 3, 4}};
  const auto tensor = [](std::int64_t rows, std::int64_t columns, double phase) {
    return at::sin(at::arange(rows * columns, at::TensorOptions(at::kDouble)) * (1 + phase) + phase)
        .view({rows, columns})
        .requires_grad_(true);
  };
  std::vector<at::Tensor> inputs = {tensor(offsets.back(), 12, 0.1), tensor(offsets.back(), 12, 0.2),
                                    tensor(offsets.back(), 12, 0.3)};
  RelativeTables tables;
  if (config.relative_attention && config.c2p)
    inputs.push_back(tables.key = tensor(config.relative_rows(), 12, 0.4));
  if (config.relative_attention && config.p2c)
    inputs.push_back(tables.query = tensor(config.relative_rows(), 12, 0.5));
  const auto run = [&](auto attention) {
    const at::Tensor context = attention(inputs[0], inputs[1], inputs[2], tables, offsets, config, options);
    loss_of(context.flatten()).backward();
    std::vector<at::Tensor> results{context.detach()};
    for (const at::Tensor& input : inputs) {
      results.push_back(input.grad().clone());
      input.mutable_grad() = at::Tensor();
    }
    return results;
  };
  options.dropout = std::nullopt; // the plain version's dropout has no gradient
  const auto fused = run(disentangled_attention), plain = run(disentangled_attention_reference);
  for (std::size_t i = 0; i < fused.size(); ++i)
    CHECK(max_difference(fused[i], plain[i]) < 1e-12);
  options.dropout = RandomStream{1, {2, 3, 4}};
  const at::NoGradGuard no_grad;
  const at::Tensor dropped = disentangled_attention(inputs[0], inputs[1], inputs[2], tables, offsets, config, options);
  CHECK(max_difference(dropped, disentangled_attention_reference(inputs[0], inputs[1], inputs[2], tables, offsets,
                                                                 config, options)) < 1e-12);
  CHECK(max_difference(dropped, fused[0]) > 1e-3);
}

} // namespace

TEST_CASE("in float64 the gradients of every kind of layer are those of finite differences") {
  for (const auto& [name, plain] : config_variants()) {
    const DebertaConfig config = with_dropout(plain);
    const DebertaForMultipleChoice network = random_network(config, at::kDouble);
    const PackedSequences batch = random_batch(config, kLengths);
    const Dropout dropout(5, 6, 7);
    const ForwardOptions options{.dropout = &dropout};
    const std::vector<at::Tensor> analytic = gradients(network, batch, options);
    const at::NoGradGuard no_grad;
    for (std::size_t p = 0; p < network.parameters().size(); ++p) {
      const auto& [parameter_name, parameter] = network.parameters()[p];
      INFO(name << ", " << parameter_name);
      double* value = parameter.mutable_data_ptr<double>();
      // Some elements of each, spread over it.
      for (std::int64_t i = 0; i < parameter.numel(); i += 1 + parameter.numel() / 5) {
        constexpr double kStep = 1e-5;
        const double before = value[i];
        value[i] = before + kStep;
        const double up = loss_of(network, batch, options).item<double>();
        value[i] = before - kStep;
        const double down = loss_of(network, batch, options).item<double>();
        value[i] = before;
        const double numeric = (up - down) / (2 * kStep);
        const double exact = analytic[p].defined() ? analytic[p].flatten()[i].item<double>() : 0;
        CHECK(std::abs(exact - numeric) < 1e-6 * (1 + std::abs(numeric)));
      }
    }
  }
}

TEST_CASE("attention and its backward pass equal the plain version's, with dropout too") {
  for (const auto& [name, config] : config_variants()) {
    INFO(name);
    check_attention(config, kLengths);
  }
}

TEST_CASE("attention of long sequences takes one head after the other, with the same dropout masks") {
  const DebertaConfig config = config_variants().front().second;
  REQUIRE(config.num_attention_heads > 1);
  const std::vector<std::int64_t> lengths{7, 375}; // odd: a head's mask begins within a group of random words
  REQUIRE(heads_at_once(lengths[1], config.num_attention_heads) == 1);
  check_attention(config, lengths);
}

TEST_CASE("when answering, a sequence's logit does not depend on the other sequences") {
  const at::NoGradGuard no_grad;
  const DebertaForMultipleChoice network = random_network(tiny_config());
  const std::vector<std::int64_t> lengths = {5, 300, 9, 64, 250};
  const PackedSequences batch = random_batch(network.config(), lengths);
  const at::Tensor together = network.forward(batch).logits;
  for (std::size_t s = 0; s < lengths.size(); ++s) {
    // GELU's last few elements of a tensor are computed one by one, the others eight at once: in this narrow network
    // that shows in the last bits.
    CHECK(max_difference(network.forward(sequence_of(batch, s)).logits, together[static_cast<std::int64_t>(s)]) < 3e-7);
  }
}

TEST_CASE("packed for answering, every kind of network gives the same logits, and has no other copy of its layers") {
  const at::NoGradGuard no_grad;
  for (const auto& [name, config] : config_variants()) {
    INFO(name);
    const DebertaForMultipleChoice network = random_network(config);
    const PackedSequences batch = random_batch(config, {5, 16, 9, 1, 12});
    const NetworkOutput plain = network.forward(batch, {.with_hidden_states = true});
    const std::unique_ptr<AnsweringNetwork> answering = packed_copy(network);
    const NetworkOutput packed = answering->forward(batch, {.with_hidden_states = true}).value();
    CHECK(max_difference(packed.logits, plain.logits) < 2e-6);
    CHECK(max_difference(answering->forward(batch)->logits, plain.logits) < 2e-6);
    REQUIRE(packed.hidden_states.size() == plain.hidden_states.size());
    for (std::size_t i = 0; i < plain.hidden_states.size(); ++i)
      CHECK(max_difference(packed.hidden_states[i], plain.hidden_states[i]) < 5e-6);
    const auto* with_packed_layers = dynamic_cast<const PackedDeberta*>(answering.get());
    REQUIRE((with_packed_layers != nullptr) == (config.hidden_act == "gelu"));
    if (with_packed_layers != nullptr)
      for (const auto& [parameter, tensor] : with_packed_layers->unpacked())
        CHECK_FALSE(parameter.ends_with("intermediate.dense.weight"));
  }
}

TEST_CASE("a packed network's logits are the same bits for every number of threads, and do not depend on the batch") {
  const at::NoGradGuard no_grad;
  const std::unique_ptr<AnsweringNetwork> network = packed_copy(random_network(tiny_config()));
  const std::vector<std::int64_t> lengths = {5, 300, 9, 64, 250};
  const PackedSequences batch = random_batch(network->config(), lengths);
  const at::Tensor together = network->forward(batch)->logits;
  const int threads = at::get_num_threads();
  for (const int other : {1, 2, 3}) {
    at::set_num_threads(other);
    CHECK(max_difference(network->forward(batch)->logits, together) == 0);
  }
  at::set_num_threads(threads);
  for (std::size_t s = 0; s < lengths.size(); ++s) {
    CHECK(max_difference(network->forward(sequence_of(batch, s))->logits, together[static_cast<std::int64_t>(s)]) <
          3e-7);
  }
}

TEST_CASE("gradient checkpointing changes no bit of the gradients") {
  for (const auto& [name, plain] : config_variants()) {
    const DebertaConfig config = with_dropout(plain);
    const DebertaForMultipleChoice network = random_network(config);
    const PackedSequences batch = random_batch(config, kLengths);
    const Dropout dropout(1, 2, 3);
    const auto kept = gradients(network, batch, {.dropout = &dropout});
    const auto again = gradients(network, batch, {.dropout = &dropout, .checkpoint_layers = true});
    for (std::size_t p = 0; p < kept.size(); ++p) {
      INFO(name << ", " << network.parameters()[p].first);
      REQUIRE(kept[p].defined() == again[p].defined());
      // The convolution also reads the embeddings: their two gradients are added in another order.
      if (kept[p].defined())
        CHECK(max_difference(kept[p], again[p]) <= (config.conv_kernel_size > 0 ? 1e-5 : 0));
    }
  }
}

TEST_CASE("dropout depends on seed, step and pass, and on nothing else") {
  const DebertaConfig config = with_dropout(tiny_config());
  const DebertaForMultipleChoice network = random_network(config);
  const PackedSequences batch = random_batch(config, kLengths);
  const at::NoGradGuard no_grad;
  const auto logits = [&](const Dropout& dropout) { return network.forward(batch, {.dropout = &dropout}).logits; };
  const at::Tensor first = logits(Dropout(1, 2, 3));
  CHECK(max_difference(first, logits(Dropout(1, 2, 3))) == 0);
  for (const Dropout& other : {Dropout(2, 2, 3), Dropout(1, 3, 3), Dropout(1, 2, 4)})
    CHECK(max_difference(first, logits(other)) > 1e-3);
  CHECK(max_difference(first, network.forward(batch).logits) > 1e-3);
}

TEST_CASE("frozen layers take no part in the backward pass, and the others' gradients stay the same") {
  const DebertaConfig config = tiny_config();
  const DebertaForMultipleChoice network = random_network(config);
  const PackedSequences batch = random_batch(config, kLengths);
  const auto all = gradients(network, batch, {});
  const auto is_frozen = [](const std::string& name) {
    return name.starts_with("deberta.encoder.layer.0.") || name.starts_with("deberta.embeddings.");
  };
  for (const auto& [name, parameter] : network.parameters())
    parameter.set_requires_grad(!is_frozen(name));
  loss_of(network, batch, {.frozen_layers = 1}).backward();
  std::vector<at::Tensor> upper;
  for (const auto& [name, parameter] : network.parameters())
    upper.push_back(parameter.grad());
  for (std::size_t p = 0; p < all.size(); ++p) {
    const std::string& name = network.parameters()[p].first;
    INFO(name);
    if (name.starts_with("deberta.encoder.layer.1.") || !name.starts_with("deberta.")) {
      REQUIRE(upper[p].defined());
      CHECK(max_difference(all[p], upper[p]) == 0);
    } else if (is_frozen(name)) {
      CHECK(!upper[p].defined());
    }
  }
}

TEST_CASE("the gradients of looked-up rows add up to the gradient of the table") {
  const DebertaConfig config = tiny_config();
  const DebertaForMultipleChoice network = random_network(config, at::kDouble);
  const PackedSequences batch = random_batch(config, kLengths);
  const at::Tensor expected = gradients(network, batch, {}).front();
  ask_for_gradients(network);
  const ReferenceOutput output = network.forward(batch, {.word_rows_apart = true});
  loss_of(output.logits).backward();
  const at::Tensor table = expected.clone().zero_();
  table.index_add_(0, batch.input_ids, output.word_rows.grad());
  CHECK(max_difference(table, expected) < 1e-12);
}

TEST_CASE("in bf16 every kind of network has the gradients of f32 within bf16's accuracy") {
  for (const auto& [name, config] : config_variants()) {
    const DebertaForMultipleChoice network = random_network(config);
    const PackedSequences batch = random_batch(config, kLengths);
    const auto exact = gradients(network, batch, {}), narrow = gradients(network, batch, {.bf16 = true});
    double difference = 0, size = 0;
    for (std::size_t p = 0; p < exact.size(); ++p) {
      REQUIRE(exact[p].defined() == narrow[p].defined());
      if (!exact[p].defined())
        continue;
      difference += (exact[p] - narrow[p]).square().sum().item<double>();
      size += exact[p].square().sum().item<double>();
    }
    const double relative = std::sqrt(difference / size);
    INFO(name << ": relative error of the whole gradient " << relative);
    CHECK(relative < 0.02); // a factor's own error is up to 2^-8 = 0.0039
    CHECK(relative > 1e-4); // else it was not in bf16
  }
}

TEST_CASE("gradient checkpointing recomputes in bf16 what was computed in bf16") {
  const DebertaForMultipleChoice network = random_network(tiny_config());
  const PackedSequences batch = random_batch(network.config(), kLengths);
  const auto kept = gradients(network, batch, {.bf16 = true}),
             again = gradients(network, batch, {.checkpoint_layers = true, .bf16 = true});
  for (std::size_t p = 0; p < kept.size(); ++p)
    if (kept[p].defined())
      CHECK(max_difference(kept[p], again[p]) == 0);
}

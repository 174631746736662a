// The network against Hugging Face's: every model folder of the reference results.
#include "catch_beside_torch.hpp"
#include "golden/golden.hpp"
#include "model/answering_reference.hpp"
#include "model/reference.hpp"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>

using namespace sciexam;
using namespace sciexam::test;

namespace {

std::vector<std::filesystem::path> model_folders() {
  const auto folders = golden::folders_with("io.safetensors");
  REQUIRE_FALSE(folders.empty());
  return folders;
}

/// Of a layer's output, [questions * options, length, hidden]; the last one in f64 where a source has it.
const at::Tensor& expected_hidden(const Tensors& io, std::size_t layer, std::size_t layers) {
  return io.at(layer + 1 == layers && io.contains("last_hidden_f64") ? "last_hidden_f64"
                                                                     : "hidden_states." + std::to_string(layer));
}

// The float32 noise floor of the reference itself is 7e-6 (its own float32 against its float64).
constexpr double kLogitTolerance = 2e-5;
constexpr double kHiddenTolerance = 5e-5;
// Rounding weights and inputs of the dense layers to bf16 moves logits of size 3 by 0.02 to 0.08.
constexpr double kBf16Tolerance = 0.1;
// Our own float64 differs from the reference's by the order of summation only.
constexpr double kDoubleTolerance = 1e-9;

} // namespace

TEST_CASE("golden: logits and hidden states equal the reference's, packed for answering too", "[golden]") {
  const at::NoGradGuard no_grad;
  for (const auto& folder : model_folders()) {
    INFO(folder);
    const Tensors io = read_tensors(folder / "io.safetensors");
    const DebertaForMultipleChoice reference = load(folder, "model.safetensors");
    const std::unique_ptr<AnsweringNetwork> answering = load_packed(folder, "model.safetensors");
    const PackedSequences batch = pack(io);
    const std::vector<RelativeTables> tables = reference.project_tables();
    CHECK(max_difference(reference.forward(batch, {.tables = &tables}).logits, reference.forward(batch).logits) < 1e-6);
    for (const bool packed : {false, true}) {
      INFO("packed " << packed);
      const NetworkOutput out = packed ? answering->forward(batch, {.with_hidden_states = true}).value()
                                       : reference.forward(batch, {.with_hidden_states = true});
      CHECK(max_difference(out.logits, io.at("logits_f64")) < kLogitTolerance);
      CHECK(max_difference(out.logits, io.at("logits_unpadded")) < kLogitTolerance);
      CHECK(max_difference(out.pooled, io.at("pooled_f64")) < kHiddenTolerance);
      const at::Tensor mask = io.at("attention_mask");
      for (std::size_t i = 0; i < out.hidden_states.size(); ++i) {
        INFO("hidden state " << i);
        const at::Tensor expected = real_tokens(expected_hidden(io, i, out.hidden_states.size()), mask);
        CHECK(max_difference(out.hidden_states[i], expected) < kHiddenTolerance);
      }
    }
    // Without hidden states the last layer computes the first tokens alone.
    CHECK(max_difference(answering->forward(batch)->logits, io.at("logits_f64")) < kLogitTolerance);
  }
}

TEST_CASE("golden: in float64 the network is the reference's to nine digits", "[golden]") {
  const at::NoGradGuard no_grad;
  for (const auto& folder : model_folders()) {
    INFO(folder);
    const Tensors io = read_tensors(folder / "io.safetensors");
    const NetworkOutput out = load(folder, "model.safetensors", at::kDouble).forward(pack(io));
    CHECK(max_difference(out.logits, io.at("logits_f64")) < kDoubleTolerance);
    CHECK(max_difference(out.pooled, io.at("pooled_f64")) < kDoubleTolerance);
  }
}

TEST_CASE("golden: half-precision weights give the reference's logits, packed as they are stored too", "[golden]") {
  const at::NoGradGuard no_grad;
  for (const auto& folder : model_folders()) {
    const Tensors io = read_tensors(folder / "io.safetensors");
    for (const auto& [file, logits] :
         {std::pair("model.fp16.safetensors", "logits_fp16_weights"),
          std::pair("model.bf16.safetensors", "logits_bf16_weights"),
          std::pair("pytorch_model.fp16.bin", "logits_fp16_weights"), std::pair("pytorch_model.bin", "logits"),
          std::pair("pytorch_model.legacy_position_ids.bin", "logits")}) {
      if (!std::filesystem::exists(folder / file))
        continue;
      INFO(folder / file);
      CHECK(max_difference(load(folder, file).forward(pack(io)).logits, io.at(logits)) < kLogitTolerance);
      CHECK(max_difference(load_packed(folder, file)->forward(pack(io))->logits, io.at(logits)) < kLogitTolerance);
    }
  }
}

TEST_CASE("golden: answered in bf16, logits stay near the reference's, whatever weights are stored as", "[golden]") {
  const at::NoGradGuard no_grad;
  for (const auto& folder : model_folders()) {
    const Tensors io = read_tensors(folder / "io.safetensors");
    if (!can_be_packed(read_deberta_config(folder / "config.json")))
      continue; // answered by the reference, in f32
    for (const char* file : {"model.safetensors", "model.fp16.safetensors", "model.bf16.safetensors"}) {
      if (!std::filesystem::exists(folder / file))
        continue;
      INFO(folder / file);
      const std::unique_ptr<AnsweringNetwork> network = load_packed(folder, file, Precision::bf16);
      const at::Tensor together = network->forward(pack(io))->logits.view({-1, 5});
      const double error = max_difference(together, io.at("logits_f64"));
      CHECK(error < kBf16Tolerance);
      CHECK(error > kLogitTolerance);
      for (std::int64_t row = 0; row < together.size(0); ++row)
        CHECK(max_difference(network->forward(pack(io, {row}))->logits, together[row]) < 1e-6);
    }
  }
}

TEST_CASE("golden: a sequence's logit does not depend on its batch", "[golden]") {
  const at::NoGradGuard no_grad;
  for (const auto& folder : model_folders()) {
    INFO(folder);
    const Tensors io = read_tensors(folder / "io.safetensors");
    AnsweringReference reference(load(folder, "model.safetensors"));
    const std::unique_ptr<AnsweringNetwork> packed = load_packed(folder, "model.safetensors");
    for (AnsweringNetwork* network : {static_cast<AnsweringNetwork*>(&reference), packed.get()}) {
      const at::Tensor together = network->forward(pack(io))->logits.view({-1, 5});
      for (std::int64_t row = 0; row < together.size(0); ++row)
        CHECK(max_difference(network->forward(pack(io, {row}))->logits, together[row]) < 1e-6);
    }
  }
}

TEST_CASE("golden: gradients equal the reference's", "[golden]") {
  for (const auto& folder : model_folders()) {
    if (!std::filesystem::exists(folder / "grads_f64.safetensors"))
      continue;
    INFO(folder);
    const Tensors io = read_tensors(folder / "io.safetensors"),
                  gradients = read_tensors(folder / "grads_f64.safetensors");
    const auto check = [&](at::ScalarType dtype, double tolerance) {
      const DebertaForMultipleChoice network = load(folder, "model.safetensors", dtype);
      for (const auto& [name, parameter] : network.parameters())
        parameter.requires_grad_(true);
      cross_entropy(network.forward(pack(io)).logits, io.at("labels")).backward();
      CHECK(gradients.size() == network.parameters().size());
      // Some gradients are zero but for rounding (the classifier's bias moves all options alike): those are
      // held to a hundredth of the largest gradient.
      double largest = 0;
      for (const auto& [name, gradient] : gradients)
        largest = std::max(largest, gradient.abs().max().item<double>());
      for (const auto& [name, parameter] : network.parameters()) {
        INFO(name);
        const double size = gradients.at(name).abs().max().item<double>();
        if (!parameter.grad().defined()) { // a parameter that this configuration does not use
          CHECK(size == 0);
          continue;
        }
        CHECK(max_difference(parameter.grad(), gradients.at(name)) <= tolerance * (size + 0.01 * largest));
      }
    };
    check(at::kFloat, 1e-4);
    check(at::kDouble, 1e-8);
  }
}

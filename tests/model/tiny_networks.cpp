#include "model/tiny_networks.hpp"

#include "checkpoint/parameters.hpp"
#include "model/weights.hpp"
#include "support/random.hpp"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>
#include <c10/util/Half.h>

namespace sciexam::test {

DebertaConfig tiny_config() {
  DebertaConfig config;
  config.vocab_size = 20;
  config.hidden_size = config.embedding_size = config.pooler_hidden_size = 12;
  config.num_hidden_layers = 2;
  config.num_attention_heads = 3;
  config.intermediate_size = 16;
  config.max_position_embeddings = 16;
  config.relative_attention = true;
  config.position_buckets = 6;
  config.c2p = config.p2c = config.share_att_key = true;
  config.normalize_relative_embeddings = true;
  config.position_biased_input = false;
  return config;
}

DebertaConfig large_shape() {
  DebertaConfig config = tiny_config();
  config.vocab_size = 128100;
  config.hidden_size = config.embedding_size = config.pooler_hidden_size = 1024;
  config.intermediate_size = 4096;
  config.num_hidden_layers = 24;
  config.num_attention_heads = 16;
  config.max_position_embeddings = 512;
  config.position_buckets = 256;
  return config;
}

std::vector<std::pair<std::string, DebertaConfig>> config_variants() {
  std::vector<std::pair<std::string, DebertaConfig>> variants{{"as DeBERTa-v3", tiny_config()}};
  const auto add = [&](const std::string& name, auto change) {
    variants.emplace_back(name, tiny_config());
    change(variants.back().second);
  };
  add("own projections", [](DebertaConfig& c) { c.share_att_key = false; });
  add("c2p alone", [](DebertaConfig& c) { c.p2c = false; });
  add("p2c alone", [](DebertaConfig& c) { c.c2p = false; });
  add("no buckets", [](DebertaConfig& c) {
    c.position_buckets = -1;
    c.max_relative_positions = 4;
  });
  add("no norm of the table", [](DebertaConfig& c) { c.normalize_relative_embeddings = false; });
  add("no relative attention", [](DebertaConfig& c) {
    c.relative_attention = c.c2p = c.p2c = c.normalize_relative_embeddings = false;
    c.position_biased_input = true;
  });
  add("no relative attention, but the norm of its table", [](DebertaConfig& c) {
    c.relative_attention = c.c2p = c.p2c = false;
    c.position_biased_input = true;
  });
  add("positions, types and a narrow embedding", [](DebertaConfig& c) {
    c.position_biased_input = true;
    c.type_vocab_size = 2;
    c.embedding_size = 8;
  });
  add("convolution", [](DebertaConfig& c) {
    c.conv_kernel_size = 3;
    c.conv_groups = 2;
  });
  add("tanh approximation and silu", [](DebertaConfig& c) {
    c.hidden_act = "gelu_new";
    c.pooler_hidden_act = "silu";
  });
  return variants;
}

DebertaForMultipleChoice random_network(const DebertaConfig& config, at::ScalarType dtype) {
  const at::NoGradGuard no_grad;
  DebertaForMultipleChoice network(config, dtype);
  std::uint32_t number = 0;
  for (const auto& [name, tensor] : network.parameters()) {
    RandomSequence random({1, {number++, 0, 0}});
    const bool norm = name.find("LayerNorm.weight") != std::string::npos;
    for (std::int64_t i = 0; i < tensor.numel(); ++i) {
      const double value = (norm ? 1 : 0) + 0.3 * random.normal();
      if (dtype == at::kDouble)
        tensor.mutable_data_ptr<double>()[i] = value;
      else
        tensor.mutable_data_ptr<float>()[i] = static_cast<float>(value);
    }
  }
  return network;
}

namespace {

/// A network's weights as a file's.
class NetworkWeights : public WeightSource {
public:
  NetworkWeights(const DebertaForMultipleChoice& network, DType stored)
      : network_(network), tensors_(parameters_of(network.config())) {
    for (TensorInfo& tensor : tensors_)
      tensor.dtype = stored;
  }

  const std::vector<TensorInfo>& tensors() const override { return tensors_; }
  std::string description() const override { return "a network's weights"; }
  void read(const std::function<bool(const TensorInfo&)>& wanted, const std::function<void(const TensorChunk&)>& sink,
            int /*threads*/) override {
    for (std::size_t i = 0; i < tensors_.size(); ++i) {
      if (!wanted(tensors_[i]))
        continue;
      const std::size_t elements = tensors_[i].elements(), part = elements / 3;
      std::vector<std::byte> bytes(tensors_[i].bytes());
      convert_from_f32(tensors_[i].dtype, {network_.parameters()[i].second.const_data_ptr<float>(), elements}, bytes);
      const std::size_t cut = part * size_of(tensors_[i].dtype);
      sink({tensors_[i], part, std::span(bytes).subspan(cut)}); // in two chunks, which do not end at rows
      sink({tensors_[i], 0, std::span(bytes).first(cut)});
    }
  }

private:
  const DebertaForMultipleChoice& network_;
  std::vector<TensorInfo> tensors_;
};

} // namespace

std::unique_ptr<AnsweringNetwork> packed_copy(const DebertaForMultipleChoice& network, DType stored,
                                              Precision precision) {
  NetworkWeights weights(network, stored);
  return load_to_answer(network.config(), weights, 2, precision);
}

PackedSequences random_batch(const DebertaConfig& config, const std::vector<std::int64_t>& lengths) {
  PackedSequences batch;
  for (const std::int64_t length : lengths)
    batch.offsets.push_back(batch.offsets.back() + length);
  batch.input_ids = at::empty({batch.offsets.back()}, at::TensorOptions(at::kLong));
  batch.token_type_ids = at::empty({batch.offsets.back()}, at::TensorOptions(at::kLong));
  RandomSequence random({2, {}});
  for (std::int64_t i = 0; i < batch.offsets.back(); ++i) {
    batch.input_ids.mutable_data_ptr<std::int64_t>()[i] = random.below(static_cast<std::uint32_t>(config.vocab_size));
    batch.token_type_ids.mutable_data_ptr<std::int64_t>()[i] = random.below(2);
  }
  return batch;
}

DebertaForMultipleChoice half_network(const DebertaConfig& config) {
  DebertaForMultipleChoice network = random_network(config, at::kDouble);
  for (const auto& [name, tensor] : network.parameters())
    for (std::int64_t i = 0; i < tensor.numel(); ++i) {
      double& value = tensor.mutable_data_ptr<double>()[i];
      value = static_cast<double>(static_cast<float>(c10::Half(static_cast<float>(value))));
    }
  return network;
}

} // namespace sciexam::test

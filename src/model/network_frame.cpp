#include "model/network_frame.hpp"

#include "support/errors.hpp"
#include "support/text/counted.hpp"

#include <utility>

#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/conv1d.h>
#include <ATen/ops/embedding.h>
#include <ATen/ops/tensor.h>

namespace sciexam::inline model {
namespace {

/// The position of each token in its sequence.
at::Tensor positions(const PackedSequences& batch, const DebertaConfig& config) {
  if (batch.longest() > config.max_position_embeddings)
    throw UsageError("a sequence has " + counted(batch.longest(), "token") + ", but the model's position table has " +
                     counted(config.max_position_embeddings, "row") + ". Set a smaller --max-length");
  std::vector<std::int64_t> positions;
  for (std::size_t s = 0; s + 1 < batch.offsets.size(); ++s)
    for (std::int64_t i = 0; i < batch.offsets[s + 1] - batch.offsets[s]; ++i)
      positions.push_back(i);
  return at::tensor(positions, at::TensorOptions(at::kLong));
}

} // namespace

std::string layer_prefix(std::int64_t index) {
  return "deberta.encoder.layer." + std::to_string(index) + ".";
}

NetworkFrame::NetworkFrame(DebertaConfig config, const NamedTensors& tensors) : config_(std::move(config)) {
  const std::string embeddings = "deberta.embeddings.", encoder = "deberta.encoder.";
  const auto layer_norm = [&](const std::string& name) { return tensors.layer_norm(name, config_.layer_norm_eps); };
  word_embeddings_ = tensors.find(kWordEmbeddings);
  position_embeddings_ = tensors.find(embeddings + "position_embeddings.weight");
  token_type_embeddings_ = tensors.find(embeddings + "token_type_embeddings.weight");
  embedding_projection_ = tensors.linear(embeddings + "embed_proj");
  embeddings_norm_ = layer_norm(embeddings + "LayerNorm");
  relative_embeddings_ = tensors.find(encoder + "rel_embeddings.weight");
  relative_norm_ = layer_norm(encoder + "LayerNorm");
  convolution_weight_ = tensors.find(encoder + "conv.conv.weight");
  convolution_bias_ = tensors.find(encoder + "conv.conv.bias");
  convolution_norm_ = layer_norm(encoder + "conv.LayerNorm");
  pooler_ = tensors.linear("pooler.dense");
  classifier_ = tensors.linear("classifier");
}

at::Tensor NetworkFrame::look_up_words(const PackedSequences& batch) const {
  return at::embedding(word_embeddings_, batch.input_ids.to(word_embeddings_.device()));
}

at::Tensor NetworkFrame::embed(const at::Tensor& words, const PackedSequences& batch) const {
  const at::Device device = words.device();
  at::Tensor embedded = words;
  if (position_embeddings_.defined())
    embedded = embedded + at::embedding(position_embeddings_, positions(batch, config_).to(device));
  if (token_type_embeddings_.defined())
    embedded = embedded + at::embedding(token_type_embeddings_, batch.token_type_ids.to(device));
  if (embedding_projection_.weight.defined())
    embedded = embedding_projection_(embedded);
  return embeddings_norm_(embedded);
}

at::Tensor NetworkFrame::relative_embeddings() const {
  return relative_norm_.weight.defined() ? relative_norm_(relative_embeddings_) : relative_embeddings_;
}

at::Tensor NetworkFrame::convolve(const at::Tensor& embedded, const std::vector<std::int64_t>& offsets) const {
  std::vector<at::Tensor> convolved;
  const std::int64_t padding = (config_.conv_kernel_size - 1) / 2;
  for (std::size_t s = 0; s + 1 < offsets.size(); ++s) {
    const at::Tensor sequence = embedded.narrow(0, offsets[s], offsets[s + 1] - offsets[s]).t().unsqueeze(0);
    convolved.push_back(at::conv1d(sequence, convolution_weight_, convolution_bias_, 1, padding, 1, config_.conv_groups)
                            .squeeze(0)
                            .t());
  }
  return at::cat(convolved);
}

at::Tensor NetworkFrame::add_convolved(const at::Tensor& hidden, const at::Tensor& convolved) const {
  return convolution_norm_(hidden + activation(config_.conv_act, convolved));
}

at::Tensor NetworkFrame::pool(const at::Tensor& first) const {
  return activation(config_.pooler_hidden_act, pooler_(first));
}

at::Tensor NetworkFrame::classify(const at::Tensor& pooled) const {
  return classifier_(pooled).squeeze(-1);
}

} // namespace sciexam::inline model

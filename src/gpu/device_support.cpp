#include "gpu/device_support.hpp"

#include "checkpoint/relative_position.hpp"
#include "support/errors.hpp"

#include <optional>

namespace sciexam::inline gpu {
namespace {

std::optional<DeviceActivation> activation_of(const std::string& name) {
  if (name == "gelu")
    return DeviceActivation::gelu;
  if (name == "gelu_new" || name == "gelu_fast" || name == "gelu_pytorch_tanh")
    return DeviceActivation::gelu_tanh;
  if (name == "tanh")
    return DeviceActivation::tanh;
  if (name == "relu")
    return DeviceActivation::relu;
  if (name == "silu" || name == "swish")
    return DeviceActivation::silu;
  if (name == "sigmoid")
    return DeviceActivation::sigmoid;
  if (name == "linear")
    return DeviceActivation::linear;
  return std::nullopt;
}

/// The kernels keep as many table rows in reach as there are distances.
bool has_steep_buckets(const DebertaConfig& config) {
  const std::int64_t reach = config.max_relative_distance();
  for (std::int64_t distance = 0; distance < reach; ++distance)
    if (relative_row(distance + 1, config) > relative_row(distance, config) + 1)
      return true;
  return false;
}

} // namespace

std::string why_not_on_device(const DebertaConfig& config) {
  constexpr std::int64_t kWidestRow = 2048, kWidestHead = 64, kMostRows = 32768;
  const auto number = [](const char* name, std::int64_t value) { return name + (" is " + std::to_string(value)); };
  if (config.conv_kernel_size > 0)
    return number("conv_kernel_size", config.conv_kernel_size) + ": the convolution has no kernel";
  if (config.hidden_act != "gelu")
    return "hidden_act is " + config.hidden_act + ": the kernels support gelu only";
  if (!activation_of(config.pooler_hidden_act))
    return "pooler_hidden_act is " + config.pooler_hidden_act + ", which the kernels lack";
  if (config.hidden_size % 8 != 0 || config.hidden_size > kWidestRow)
    return number("hidden_size", config.hidden_size) + ": the kernels need a multiple of 8, at most 2048";
  if (config.intermediate_size % 8 != 0)
    return number("intermediate_size", config.intermediate_size) + ": the kernels need a multiple of 8";
  if (config.head_dim() > kWidestHead)
    return "a head has " + std::to_string(config.head_dim()) + " dimensions: the kernels have room for 64";
  if (config.relative_attention && config.relative_rows() > kMostRows)
    return "the table of relative positions has " + std::to_string(config.relative_rows()) +
           " rows: the kernels count to 32768";
  if (config.relative_attention && has_steep_buckets(config))
    return number("position_buckets", config.position_buckets) +
           ": buckets skip rows between neighbouring distances, which the kernels do not support";
  return {};
}

NetworkShape network_shape(const DebertaConfig& config) {
  if (const std::string reason = why_not_on_device(config); !reason.empty())
    throw InternalError("a network that no device can run was sent to one: " + reason);
  NetworkShape shape;
  const auto narrow = [](std::int64_t value) { return static_cast<std::int32_t>(value); };
  shape.vocab_size = narrow(config.vocab_size);
  shape.embedding_size = narrow(config.embedding_size);
  shape.hidden_size = narrow(config.hidden_size);
  shape.num_hidden_layers = narrow(config.num_hidden_layers);
  shape.num_attention_heads = narrow(config.num_attention_heads);
  shape.intermediate_size = narrow(config.intermediate_size);
  shape.type_vocab_size = narrow(config.type_vocab_size);
  shape.position_rows = config.position_biased_input ? narrow(config.max_position_embeddings) : 0;
  shape.relative_rows = config.relative_attention ? narrow(config.relative_rows()) : 0;
  shape.c2p = config.relative_attention && config.c2p;
  shape.p2c = config.relative_attention && config.p2c;
  shape.share_att_key = config.share_att_key;
  shape.normalize_relative_embeddings = config.normalize_relative_embeddings;
  shape.pooler_act = *activation_of(config.pooler_hidden_act);
  shape.attention_scale = static_cast<float>(config.attention_scale());
  shape.layer_norm_eps = static_cast<float>(config.layer_norm_eps);
  shape.padded_head = config.head_dim() <= 32 ? 32 : 64;
  return shape;
}

std::vector<std::uint16_t> relative_rows_of(const DebertaConfig& config, std::int32_t longest) {
  std::vector<std::uint16_t> rows;
  if (config.relative_attention)
    for (std::int64_t distance = 1 - std::int64_t{longest}; distance < longest; ++distance)
      rows.push_back(static_cast<std::uint16_t>(relative_row(distance, config)));
  return rows;
}

} // namespace sciexam::inline gpu

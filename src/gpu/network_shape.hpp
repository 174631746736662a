// The sizes of a DeBERTa network, as the device needs them: plain data that is passed between processes.
#pragma once

#include <cstdint>

namespace sciexam::inline gpu {

/// What pooler_hidden_act may be; the numbers are those of the `classify` kernel.
enum class DeviceActivation : std::int32_t {
  linear = 0,
  gelu = 1,
  gelu_tanh = 2,
  tanh = 3,
  relu = 4,
  silu = 5,
  sigmoid = 6
};

/// Members are those of DebertaConfig (checkpoint/config.hpp); network_shape() in device_support.hpp makes one.
struct NetworkShape {
  std::int32_t vocab_size = 0, embedding_size = 0, hidden_size = 0, num_hidden_layers = 0, num_attention_heads = 0;
  std::int32_t intermediate_size = 0, type_vocab_size = 0;
  std::int32_t position_rows = 0; ///< max_position_embeddings if position_biased_input, else 0
  std::int32_t relative_rows = 0; ///< of encoder.rel_embeddings; 0: no relative attention
  bool c2p = false, p2c = false;  ///< terms that are computed: false without relative attention
  bool share_att_key = false, normalize_relative_embeddings = false;
  DeviceActivation pooler_act = DeviceActivation::gelu;
  float attention_scale = 1; ///< of the scores
  float layer_norm_eps = 1e-7F;
  std::int32_t padded_head = 64; ///< elements of a head on the device: 64, or 32 where that is enough

  bool operator==(const NetworkShape&) const = default;
  std::int32_t head_dim() const { return hidden_size / num_attention_heads; }
  /// How many f16 numbers make up an activation; a second one is the remainder of the first. With one, the logits of a
  /// small network with large weights are off by up to 1.4e-2 (tests/gpu/rounding.py), those of a large one far less.
  /// Narrow heads mean a small network: all DeBERTa models that Microsoft published have heads of 64.
  std::int32_t parts() const { return padded_head == 32 ? 2 : 1; }
  /// Elements of an embedding on the device: a multiple of 8.
  std::int32_t padded_embedding() const { return (embedding_size + 7) / 8 * 8; }
  /// Elements of all heads on the device.
  std::int32_t padded_heads() const { return num_attention_heads * padded_head; }
};

} // namespace sciexam::inline gpu

// config.json of a DeBERTa-v2/v3 checkpoint: the settings that its network
// depends on. Meanings and defaults are those of transformers'
// models/deberta_v2/configuration_deberta_v2.py and modeling_deberta_v2.py.
#pragma once

#include "support/text/json.hpp"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace sciexam::inline checkpoint {

/// The settings, each under its name in config.json.
struct DebertaConfig {
  // Sizes.
  std::int64_t vocab_size = 128100;
  std::int64_t hidden_size = 1536;
  std::int64_t num_hidden_layers = 24;
  std::int64_t num_attention_heads = 24; ///< divides hidden_size
  std::int64_t intermediate_size = 6144; ///< inner width of the feed-forward layers
  std::int64_t embedding_size = 1536;    ///< of a word; if not hidden_size, embed_proj follows (default: hidden_size)
  std::int64_t type_vocab_size = 0;      ///< rows of the token type table; 0: there is none
  std::int64_t max_position_embeddings = 512;
  std::int64_t pooler_hidden_size = 1536; ///< equals hidden_size

  // Positions.
  bool position_biased_input = true;        ///< absolute positions are added to the embeddings
  bool relative_attention = false;          ///< there is a table of relative positions
  std::int64_t max_relative_positions = -1; ///< below 1: max_position_embeddings
  std::int64_t position_buckets = -1;       ///< log buckets on each side; below 1: distances are not bucketed
  bool c2p = false;                         ///< pos_att_type has content-to-position
  bool p2c = false;                         ///< pos_att_type has position-to-content
  bool share_att_key = false; ///< tables are projected by key_proj and query_proj, not by their own layers
  bool normalize_relative_embeddings =
      false; ///< norm_rel_ebd is "layer_norm": the table goes through encoder.LayerNorm

  // The convolution beside the first layer.
  std::int64_t conv_kernel_size = 0; ///< odd; below 1: there is none
  std::int64_t conv_groups = 1;      ///< divides hidden_size
  std::string conv_act = "tanh";

  std::string hidden_act = "gelu";
  std::string pooler_hidden_act = "gelu";
  double layer_norm_eps = 1e-7;

  // Dropout probabilities: for training only.
  double hidden_dropout_prob = 0.1;
  double attention_probs_dropout_prob = 0.1;
  double pooler_dropout = 0.0;
  std::optional<double> cls_dropout; ///< before the classifier; without it hidden_dropout_prob

  double initializer_range = 0.02; ///< standard deviation of fresh weights

  /// Keys that, as far as known, neither the network nor Hugging Face's bookkeeping uses; worth a warning.
  std::vector<std::string> unknown_keys;

  /// Width of one attention head.
  std::int64_t head_dim() const { return hidden_size / num_attention_heads; }
  /// The scale of the scores: 1 / sqrt(head_dim * (1 + terms)), terms = elements of pos_att_type, which the reference
  /// counts even without relative attention. The square root is taken in f32.
  double attention_scale() const;
  /// Distances from here on are treated as equal (before bucketing).
  std::int64_t max_relative_distance() const {
    return max_relative_positions < 1 ? max_position_embeddings : max_relative_positions;
  }
  /// Rows of the relative table for one direction (pos_ebd_size in the reference's attention).
  std::int64_t attention_span() const { return position_buckets > 0 ? position_buckets : max_relative_distance(); }
  /// Rows of encoder.rel_embeddings.
  std::int64_t relative_rows() const { return 2 * attention_span(); }
  double classifier_dropout() const { return cls_dropout.value_or(hidden_dropout_prob); }
};

/// Reads the settings. An absent or null key has transformers' default. Throws
/// InputError naming the key where a value is of the wrong type, out of range,
/// unknown (activations, pos_att_type, norm_rel_ebd) or contradicts another one.
DebertaConfig parse_deberta_config(const JsonView& root);

/// The same for a file. Throws UsageError if it cannot be read.
DebertaConfig read_deberta_config(const std::filesystem::path& file);

} // namespace sciexam::inline checkpoint

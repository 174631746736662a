// The memory of a training on the device: weights with all that belongs to them, and activations of one batch.
#pragma once

#include "gpu/device_batch.hpp"
#include "gpu/driver/driver_api.hpp"
#include "gpu/network/arena.hpp"
#include "gpu/network_shape.hpp"
#include "gpu/training/training_layout.hpp"
#include "gpu/training/training_setup.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace sciexam::inline gpu {

/// Arrays over the layout's elements.
struct TrainingArrays {
  TrainingArrays(const TrainingLayout& layout, const TrainingSetup& setup, Arena& arena);

  driver::Pointer weights = 0, gradients = 0, exp_avg = 0, exp_avg_sq = 0; ///< f32
  driver::Pointer average = 0, kept = 0;                                   ///< f32; 0: not kept
  driver::Pointer halves = 0; ///< f16 of the weights but the tables, which are looked up in f32
  std::uint64_t tables = 0;   ///< elements before the halves' first

  driver::Pointer weight(std::uint64_t element) const { return weights + 4 * element; }
  driver::Pointer gradient(std::uint64_t element) const { return gradients + 4 * element; }
  /// 0 for an element of a table.
  driver::Pointer half(std::uint64_t element) const { return element < tables ? 0 : halves + 2 * (element - tables); }
  DeviceNorm norm(const NormPlace& place) const { return {weight(place.weight), weight(place.bias)}; }
  DeviceNorm norm_gradient(const NormPlace& place) const { return {gradient(place.weight), gradient(place.bias)}; }
};

/// How sums over rows and of squares are split: each part leaves numbers in TrainingBuffers::parts.
inline constexpr int kSummedRows = 256;                   ///< training_rows.cuh
inline constexpr std::int64_t kSquaresOfBlock = 256 * 32; ///< optimizer.cuh
inline constexpr int kQueryBlock = 64;                    ///< attention.cuh
inline int parts_of_rows(int rows) {
  return (rows + kSummedRows - 1) / kSummedRows;
}
inline std::size_t parts_of_squares(std::int64_t count) {
  return static_cast<std::size_t>((count + kSquaresOfBlock - 1) / kSquaresOfBlock);
}

/// What the backward pass needs of a layer; f16 unless stated.
struct LayerActivations {
  driver::Pointer query_key_value = 0, context = 0; ///< [tokens, 3 * heads], [tokens, heads]
  driver::Pointer log_sums = 0;                     ///< f32 [num_attention_heads, tokens]
  driver::Pointer attended_sum = 0, attended = 0;   ///< [tokens, hidden_size]: before (f32) and after the layer norm
  driver::Pointer attended_statistics = 0;          ///< f32 [tokens, 2]
  driver::Pointer inner = 0;                        ///< [tokens, intermediate_size], before GELU
  driver::Pointer output_sum = 0;                   ///< f32 [tokens, hidden_size], before the layer norm
  driver::Pointer output_statistics = 0;            ///< f32 [tokens, 2]
  driver::Pointer relative = 0;                     ///< [strip rows, hidden_size]: of the table, with dropout
  driver::Pointer key_table = 0, query_table = 0;   ///< [strip rows, heads]
};

/// Sizes that follow from shape and limits. `heads`: elements of all heads of a token.
struct TrainingSizes {
  TrainingSizes(const NetworkShape& shape, const DeviceLimits& limits);

  std::int32_t heads = 0;
  std::int32_t strip_rows = 0;     ///< at most: the table's rows in reach of the longest sequence, a multiple of 8
  std::uint64_t probabilities = 0; ///< at most: of one layer, with room for rounding up
};

/// Tokens by the row of a table that they look up: see the kernel add_rows.
struct LookedUpRows {
  driver::Pointer order = 0, starts = 0, rows = 0; ///< [tokens], [count + 1], [count], int32
  int count = 0;
};

/// Where all of it lies on the device.
struct BatchPlaces {
  BatchPlaces(const NetworkShape& shape, const DeviceLimits& limits, Arena& arena);

  driver::Pointer ids = 0, places = 0, type_ids = 0, offsets = 0, query_blocks = 0, mask_begins = 0;
  driver::Pointer distances = 0; ///< the elements of strips for all distances, from the least on
  driver::Pointer first_distances = 0;
  LookedUpRows words, positions, types;
  std::uint64_t bytes = 0;
};

struct TrainingBuffers {
  TrainingBuffers(const NetworkShape& shape, const TrainingSetup& setup, const DeviceLimits& limits, Arena& arena);

  const LayerActivations& layer(std::size_t i) const { return layers[layers.size() == 1 ? 0 : i]; }

  /// The input of layer `i`, not rounded: for what is added to it.
  driver::Pointer wide_hidden(std::size_t i) const { return hidden_wide[hidden_wide.size() == 1 ? 0 : i]; }

  std::vector<driver::Pointer> hidden; ///< [layers + 1] of [tokens, hidden_size]: inputs of the layers, and the result
  std::vector<driver::Pointer> hidden_wide; ///< the same in f32: as many if layers are computed again, else one
  driver::Pointer attended_wide = 0;        ///< f32 [tokens, hidden_size], of the present layer
  std::vector<LayerActivations> layers;     ///< one that all share, if layers are computed again
  driver::Pointer embedded = 0;             ///< the tables' sums [tokens, embedding], where they are projected; else 0
  driver::Pointer embedded_sum = 0,
                  embedded_statistics = 0; ///< f32 [tokens, hidden_size], before the layer norm; [tokens, 2]
  driver::Pointer normed_relative = 0, relative_statistics = 0; ///< f16; f32 [relative_rows, 2]
  // Scratch.
  driver::Pointer activated = 0;                          ///< [tokens, intermediate_size]
  driver::Pointer mask = 0, attention_mask = 0;           ///< bits
  driver::Pointer c2p = 0, p2c = 0, d_c2p = 0, d_p2c = 0; ///< [tokens, num_attention_heads, strip rows]
  driver::Pointer d_hidden = 0, d_sum = 0, d_dropped = 0; ///< [tokens, hidden_size]
  driver::Pointer d_inner = 0, d_query_key_value = 0, d_context = 0, dots = 0;
  driver::Pointer d_key_table = 0, d_query_table = 0, d_relative = 0; ///< d_relative: of a layer, f16
  driver::Pointer d_relative_sum = 0;                ///< f32 [relative_rows, hidden_size]: of all layers
  driver::Pointer touched_words = 0, step_words = 0; ///< a byte for each row of the word embeddings; rows, int32
  driver::Pointer parts = 0;                         ///< f32: of sums over rows, or of squares
  // The head: [sequences, hidden_size], and [sequences] f32.
  driver::Pointer first = 0, pooler_sum = 0, pooled = 0, d_pooled = 0, d_first = 0, logits = 0, d_logits = 0;

private:
  LayerActivations activations(const NetworkShape& shape, const DeviceLimits& limits, Arena& arena) const;
};

/// Bytes of a device's memory that a training takes.
struct TrainingMemory {
  std::uint64_t weights = 0; ///< f32 and f16
  std::uint64_t gradients = 0, moments = 0;
  std::uint64_t copies = 0;      ///< average, and what a perturbation moved
  std::uint64_t activations = 0; ///< of one batch, with everything else

  std::uint64_t total() const { return weights + gradients + moments + copies + activations; }
};
TrainingMemory training_memory(const NetworkShape& shape, const TrainingSetup& setup, const DeviceLimits& limits);

} // namespace sciexam::inline gpu

// Where a network's weights lie on the device, and how Hugging Face's tensors get there.
//
// Heads have 32 or 64 elements there: narrower ones are padded with zeros, which change no score and no context, so
// that one kernel serves them all; embeddings are padded to a multiple of 8. query_proj, key_proj and value_proj of a
// layer lie one after the other, as one product. Where activations have two parts, each row of a linear layer's weight
// is there twice in a row, once for each part.
#pragma once

#include "gpu/device_batch.hpp"
#include "gpu/driver/driver.hpp"
#include "gpu/network/arena.hpp"
#include "gpu/network/tensor_place.hpp"
#include "gpu/network_shape.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sciexam::inline gpu {

/// Addresses of a linear layer: weight f16 [out, in], bias f32 [out]; `in` counts all parts of its inputs.
struct DeviceLinear {
  driver::Pointer weight = 0, bias = 0;
  std::int32_t out = 0, in = 0;

  /// The layer that consists of `count` outputs from `first` on.
  DeviceLinear part(std::int32_t first, std::int32_t count) const {
    return {weight + 2ULL * static_cast<std::uint64_t>(first) * static_cast<std::uint64_t>(in),
            bias + 4ULL * static_cast<std::uint64_t>(first), count, in};
  }
};

struct DeviceLayer {
  DeviceLinear query_key_value, pos_key_proj, pos_query_proj, attention_output, intermediate, output;
  DeviceNorm attention_norm, output_norm;
  driver::Pointer key_table = 0, query_table = 0; ///< f16 [relative_rows, parts, heads * padded head]; 0: no such term
};

struct DeviceWeights {
  /// Lays everything out in `arena`.
  DeviceWeights(const NetworkShape& shape, Arena& arena);

  driver::Pointer words = 0, positions = 0, types = 0; ///< f16 tables; 0: there is none
  driver::Pointer relative = 0;                        ///< f16 [relative_rows, parts, hidden_size], a second part is 0
  driver::Pointer normed_relative = 0;                 ///< the same: scratch
  DeviceLinear embedding_projection, pooler;
  DeviceLinear classifier; ///< its weight is f32
  DeviceNorm embeddings_norm, relative_norm;
  std::vector<DeviceLayer> layers;

  /// See DeviceNetwork::load().
  void load(const GpuDevice& device, std::string_view name, std::uint64_t first, DeviceElement element,
            std::span<const std::byte> bytes);
  /// Throws InternalError naming a parameter that did not get exactly as many elements as it has.
  void require_complete() const;
  /// Expects all parameters anew.
  void forget();

private:
  struct Slot {
    driver::Pointer at = 0;
    TensorPlace place = {};
    bool wide = false; ///< f32
    std::uint64_t received = 0;
  };

  driver::Pointer table(Arena& arena, const std::string& name, std::int32_t rows, std::int32_t columns);
  /// The parameter has only `columns` columns, whose groups lie `pitch` apart on the device.
  void group_columns(const std::string& name, std::int32_t columns, std::int32_t group, std::int32_t pitch);
  DeviceLinear linear(Arena& arena, const std::string& name, std::int32_t out, std::int32_t in);
  DeviceNorm norm(Arena& arena, const std::string& name, std::int32_t size);
  DeviceLinear heads(Arena& arena, const std::vector<std::string>& names, const NetworkShape& shape);
  DeviceLayer layer(Arena& arena, const std::string& name, const NetworkShape& shape);

  std::int32_t parts_; ///< of an activation
  std::map<std::string, Slot, std::less<>> slots_;
};

} // namespace sciexam::inline gpu

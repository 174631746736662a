// Where the parameters of a training lie: one space of elements, in which weights, gradients and moments (f32) and the
// rounded weights (f16) have the same places.
#pragma once

#include "gpu/network/tensor_place.hpp"
#include "gpu/network_shape.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace sciexam::inline gpu {

/// First elements of a linear layer's weight [out, in] and bias [out].
struct LinearPlace {
  std::uint64_t weight = 0, bias = 0;
  std::int32_t out = 0, in = 0;

  /// The layer of `count` outputs from `first` on.
  LinearPlace part(std::int32_t first, std::int32_t count) const {
    const auto rows = static_cast<std::uint64_t>(first);
    return {weight + rows * static_cast<std::uint64_t>(in), bias + rows, count, in};
  }
};

struct NormPlace {
  std::uint64_t weight = 0, bias = 0;
};

struct LayerPlaces {
  LinearPlace query_key_value, pos_key_proj, pos_query_proj, attention_output, intermediate, output;
  NormPlace attention_norm, output_norm;
};

/// A parameter by its Hugging Face name.
struct TrainedTensor {
  std::string name;
  TensorPlace place;
  std::uint64_t first = 0, count = 0; ///< elements here, padding included (always 0)
};

struct TrainingLayout {
  explicit TrainingLayout(const NetworkShape& shape);

  /// Null if the network has no such parameter.
  const TrainedTensor* find(std::string_view name) const;

  std::uint64_t words = 0, positions = 0, types = 0, relative = 0; ///< tables
  LinearPlace embedding_projection, pooler, classifier;
  NormPlace embeddings_norm, relative_norm;
  std::vector<LayerPlaces> layers;
  std::vector<TrainedTensor> tensors;
  std::uint64_t tables = 0;         ///< elements of the tables, which come first
  std::uint64_t elements = 0;       ///< of all
  std::int32_t embedding_width = 0; ///< of a row of words, positions and types: padded

private:
  std::map<std::string, std::size_t, std::less<>> numbers_; ///< of tensors, by name

  std::uint64_t take(std::uint64_t count);
  void add(const std::string& name, std::uint64_t first, std::uint64_t count, const TensorPlace& place);
  std::uint64_t table(const std::string& name, std::int32_t rows, std::int32_t columns, std::int32_t width);
  std::uint64_t vector(const std::string& name, std::int32_t size);
  LinearPlace linear(const std::string& name, std::int32_t out, std::int32_t in);
  LinearPlace heads(const std::vector<std::string>& names, const NetworkShape& shape);
  NormPlace norm(const std::string& name, std::int32_t size);
  LayerPlaces layer(const std::string& name, const NetworkShape& shape);
};

} // namespace sciexam::inline gpu

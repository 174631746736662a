#include "gpu/network/device_weights.hpp"

#include "checkpoint/weight_source.hpp"

#include <algorithm>

namespace sciexam::inline gpu {
namespace {

std::uint64_t elements(std::int32_t rows, std::int32_t columns) {
  return static_cast<std::uint64_t>(rows) * static_cast<std::uint64_t>(columns);
}

} // namespace

DeviceWeights::DeviceWeights(const NetworkShape& shape, Arena& arena) : parts_(shape.parts()) {
  const std::string embeddings = "deberta.embeddings.", encoder = "deberta.encoder.";
  const std::int32_t width = shape.embedding_size, padded = shape.padded_embedding();
  const auto embedding = [&](const std::string& name, std::int32_t rows) {
    const driver::Pointer at = table(arena, embeddings + name, rows, padded);
    group_columns(embeddings + name, width, width, padded);
    return at;
  };
  words = embedding("word_embeddings.weight", shape.vocab_size);
  if (shape.position_rows > 0)
    positions = embedding("position_embeddings.weight", shape.position_rows);
  if (shape.type_vocab_size > 0)
    types = embedding("token_type_embeddings.weight", shape.type_vocab_size);
  if (width != shape.hidden_size) {
    embedding_projection = linear(arena, embeddings + "embed_proj", shape.hidden_size, padded);
    group_columns(embeddings + "embed_proj.weight", width, width, padded);
    slots_.erase(embeddings + "embed_proj.bias"); // it has none, and zeros lie there
  }
  embeddings_norm = norm(arena, embeddings + "LayerNorm", shape.hidden_size);
  if (shape.relative_rows > 0) {
    const std::int32_t hidden = shape.hidden_size, stride = parts_ * hidden;
    relative = table(arena, encoder + "rel_embeddings.weight", shape.relative_rows, stride);
    group_columns(encoder + "rel_embeddings.weight", hidden, hidden, stride);
    normed_relative = arena.take(2 * elements(shape.relative_rows, stride));
  }
  if (shape.normalize_relative_embeddings)
    relative_norm = norm(arena, encoder + "LayerNorm", shape.hidden_size);
  for (std::int32_t i = 0; i < shape.num_hidden_layers; ++i)
    layers.push_back(layer(arena, encoder + "layer." + std::to_string(i) + ".", shape));
  pooler = linear(arena, "pooler.dense", shape.hidden_size, shape.hidden_size);
  classifier = {arena.take(4ULL * static_cast<std::uint64_t>(shape.hidden_size)), arena.take(4), 1, shape.hidden_size};
  slots_["classifier.weight"] = {
      .at = classifier.weight, .place = {.columns = elements(1, shape.hidden_size)}, .wide = true};
  slots_["classifier.bias"] = {.at = classifier.bias, .wide = true};
}

driver::Pointer DeviceWeights::table(Arena& arena, const std::string& name, std::int32_t rows, std::int32_t columns) {
  const driver::Pointer at = arena.take(2 * elements(rows, columns));
  slots_[name] = {.at = at, .place = {.rows = elements(rows, 1), .columns = elements(1, columns)}};
  return at;
}

void DeviceWeights::group_columns(const std::string& name, std::int32_t columns, std::int32_t group,
                                  std::int32_t pitch) {
  TensorPlace& place = slots_.at(name).place;
  place.columns = elements(1, columns);
  place.column_group = elements(1, group);
  place.column_pitch = elements(1, pitch);
}

DeviceLinear DeviceWeights::linear(Arena& arena, const std::string& name, std::int32_t out, std::int32_t in) {
  const DeviceLinear layer{table(arena, name + ".weight", out, parts_ * in), arena.take(4 * elements(out, 1)), out,
                           parts_ * in};
  TensorPlace& weight = slots_.at(name + ".weight").place;
  weight.columns = elements(1, in);
  weight.copies = elements(parts_, 1);
  slots_[name + ".bias"] = {.at = layer.bias, .place = {.columns = elements(out, 1)}, .wide = true};
  return layer;
}

DeviceNorm DeviceWeights::norm(Arena& arena, const std::string& name, std::int32_t size) {
  const DeviceNorm norm{arena.take(4 * elements(size, 1)), arena.take(4 * elements(size, 1))};
  slots_[name + ".weight"] = {.at = norm.weight, .place = {.columns = elements(size, 1)}, .wide = true};
  slots_[name + ".bias"] = {.at = norm.bias, .place = {.columns = elements(size, 1)}, .wide = true};
  return norm;
}

/// Layers whose outputs are heads, as one.
DeviceLinear DeviceWeights::heads(Arena& arena, const std::vector<std::string>& names, const NetworkShape& shape) {
  const std::int32_t width = shape.padded_heads(), out = width * static_cast<std::int32_t>(names.size()),
                     in = parts_ * shape.hidden_size;
  const DeviceLinear all{arena.take(2 * elements(out, in)), arena.take(4 * elements(out, 1)), out, in};
  for (std::size_t i = 0; i < names.size(); ++i) {
    const DeviceLinear one = all.part(width * static_cast<std::int32_t>(i), width);
    const TensorPlace rows{.rows = elements(shape.hidden_size, 1),
                           .row_group = elements(shape.head_dim(), 1),
                           .row_pitch = elements(shape.padded_head, 1)};
    Slot& weight = slots_[names[i] + ".weight"] = {.at = one.weight, .place = rows};
    weight.place.columns = elements(1, shape.hidden_size);
    weight.place.copies = elements(parts_, 1);
    slots_[names[i] + ".bias"] = {.at = one.bias, .place = rows, .wide = true};
  }
  return all;
}

DeviceLayer DeviceWeights::layer(Arena& arena, const std::string& name, const NetworkShape& shape) {
  const std::string self = name + "attention.self.", attended = name + "attention.output.";
  const std::int32_t hidden = shape.hidden_size, width = shape.padded_heads();
  DeviceLayer layer;
  layer.query_key_value = heads(arena, {self + "query_proj", self + "key_proj", self + "value_proj"}, shape);
  const bool own = !shape.share_att_key;
  if (shape.c2p) {
    layer.pos_key_proj = own ? heads(arena, {self + "pos_key_proj"}, shape) : layer.query_key_value.part(width, width);
    layer.key_table = arena.take(2 * elements(shape.relative_rows, parts_ * width));
  }
  if (shape.p2c) {
    layer.pos_query_proj = own ? heads(arena, {self + "pos_query_proj"}, shape) : layer.query_key_value.part(0, width);
    layer.query_table = arena.take(2 * elements(shape.relative_rows, parts_ * width));
  }
  layer.attention_output = linear(arena, attended + "dense", hidden, width);
  group_columns(attended + "dense.weight", hidden, shape.head_dim(), shape.padded_head);
  layer.attention_norm = norm(arena, attended + "LayerNorm", hidden);
  layer.intermediate = linear(arena, name + "intermediate.dense", shape.intermediate_size, hidden);
  layer.output = linear(arena, name + "output.dense", hidden, shape.intermediate_size);
  layer.output_norm = norm(arena, name + "output.LayerNorm", hidden);
  return layer;
}

void DeviceWeights::load(const GpuDevice& device, std::string_view name, std::uint64_t first, DeviceElement element,
                         std::span<const std::byte> bytes) {
  const auto found = slots_.find(name);
  if (found == slots_.end())
    throw InternalError("the device was given a parameter that its network lacks: " + std::string(name));
  Slot& slot = found->second;
  const DType from = element == DeviceElement::f16 ? DType::f16 : DType::f32;
  const DType to = slot.wide ? DType::f32 : DType::f16;
  const std::uint64_t count = bytes.size() / size_of(from), all = slot.place.elements();
  if (bytes.size() % size_of(from) != 0 || first > all || count > all - first)
    throw InternalError("the device was given elements outside " + std::string(name));
  std::vector<float> values;
  std::vector<std::byte> converted;
  if (from != to) {
    converted.resize(count * size_of(to));
    values.resize(count);
    convert_to_f32(from, bytes, values);
    convert_from_f32(to, values, converted);
    bytes = converted;
  }
  for (std::uint64_t i = 0, length = 0; i < count; i += length) {
    length = std::min(count - i, slot.place.run(first + i));
    for (std::uint64_t copy = 0; copy < slot.place.copies; ++copy)
      device.check(device.driver().memcpy_htod(slot.at + (slot.place.place(first + i) + copy * slot.place.stride()) *
                                                             size_of(to),
                                               bytes.data() + i * size_of(to), length * size_of(to)),
                   "copying weights");
  }
  slot.received += count;
}

void DeviceWeights::require_complete() const {
  for (const auto& [name, slot] : slots_)
    if (slot.received != slot.place.elements())
      throw InternalError("the device was given " + std::to_string(slot.received) + " elements of " + name +
                          ", which has " + std::to_string(slot.place.elements()));
}

void DeviceWeights::forget() {
  for (auto& [name, slot] : slots_)
    slot.received = 0;
}

} // namespace sciexam::inline gpu

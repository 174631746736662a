#include "gpu/training/training_layout.hpp"

#include "gpu/network/device_weights.hpp"

namespace sciexam::inline gpu {
namespace {

std::uint64_t elements_of(std::int32_t rows, std::int32_t columns) {
  return static_cast<std::uint64_t>(rows) * static_cast<std::uint64_t>(columns);
}

} // namespace

TrainingLayout::TrainingLayout(const NetworkShape& shape) : embedding_width(shape.padded_embedding()) {
  const std::string embeddings = "deberta.embeddings.", encoder = "deberta.encoder.";
  const std::int32_t hidden = shape.hidden_size, width = shape.embedding_size;
  words = table(embeddings + "word_embeddings.weight", shape.vocab_size, width, embedding_width);
  if (shape.position_rows > 0)
    positions = table(embeddings + "position_embeddings.weight", shape.position_rows, width, embedding_width);
  if (shape.type_vocab_size > 0)
    types = table(embeddings + "token_type_embeddings.weight", shape.type_vocab_size, width, embedding_width);
  if (shape.relative_rows > 0)
    relative = table(encoder + "rel_embeddings.weight", shape.relative_rows, hidden, hidden);
  tables = elements;
  if (width != hidden) { // it has no bias: zeros lie there
    embedding_projection = {table(embeddings + "embed_proj.weight", hidden, width, embedding_width),
                            take(elements_of(hidden, 1)), hidden, embedding_width};
  }
  embeddings_norm = norm(embeddings + "LayerNorm", hidden);
  if (shape.normalize_relative_embeddings)
    relative_norm = norm(encoder + "LayerNorm", hidden);
  for (std::int32_t i = 0; i < shape.num_hidden_layers; ++i)
    layers.push_back(layer(encoder + "layer." + std::to_string(i) + ".", shape));
  pooler = linear("pooler.dense", hidden, hidden);
  classifier = linear("classifier", 1, hidden);
}

const TrainedTensor* TrainingLayout::find(std::string_view name) const {
  const auto found = numbers_.find(name);
  return found == numbers_.end() ? nullptr : &tensors[found->second];
}

std::uint64_t TrainingLayout::take(std::uint64_t count) {
  constexpr std::uint64_t kAligned = 64; // 128 bytes of f16
  const std::uint64_t first = elements;
  elements += (count + kAligned - 1) / kAligned * kAligned;
  return first;
}

void TrainingLayout::add(const std::string& name, std::uint64_t first, std::uint64_t count, const TensorPlace& place) {
  numbers_.emplace(name, tensors.size());
  tensors.push_back({name, place, first, count});
}

std::uint64_t TrainingLayout::table(const std::string& name, std::int32_t rows, std::int32_t columns,
                                    std::int32_t width) {
  const std::uint64_t count = elements_of(rows, width), first = take(count);
  TensorPlace place{.rows = elements_of(rows, 1), .columns = elements_of(1, columns)};
  if (columns != width) {
    place.column_group = elements_of(1, columns);
    place.column_pitch = elements_of(1, width);
  }
  add(name, first, count, place);
  return first;
}

std::uint64_t TrainingLayout::vector(const std::string& name, std::int32_t size) {
  return table(name, 1, size, size);
}

LinearPlace TrainingLayout::linear(const std::string& name, std::int32_t out, std::int32_t in) {
  const std::uint64_t weight = table(name + ".weight", out, in, in);
  return {weight, vector(name + ".bias", out), out, in};
}

/// Layers whose outputs are heads, as one.
LinearPlace TrainingLayout::heads(const std::vector<std::string>& names, const NetworkShape& shape) {
  const std::int32_t width = shape.padded_heads(), out = width * static_cast<std::int32_t>(names.size()),
                     in = shape.hidden_size;
  const LinearPlace all{take(elements_of(out, in)), take(elements_of(out, 1)), out, in};
  for (std::size_t i = 0; i < names.size(); ++i) {
    const LinearPlace one = all.part(width * static_cast<std::int32_t>(i), width);
    TensorPlace rows{.rows = elements_of(in, 1),
                     .row_group = elements_of(shape.head_dim(), 1),
                     .row_pitch = elements_of(shape.padded_head, 1)};
    add(names[i] + ".bias", one.bias, elements_of(width, 1), rows);
    rows.columns = elements_of(1, in);
    add(names[i] + ".weight", one.weight, elements_of(width, in), rows);
  }
  return all;
}

NormPlace TrainingLayout::norm(const std::string& name, std::int32_t size) {
  const std::uint64_t weight = vector(name + ".weight", size);
  return {weight, vector(name + ".bias", size)};
}

LayerPlaces TrainingLayout::layer(const std::string& name, const NetworkShape& shape) {
  const std::string self = name + "attention.self.", attended = name + "attention.output.";
  const std::int32_t hidden = shape.hidden_size, width = shape.padded_heads();
  LayerPlaces layer;
  layer.query_key_value = heads({self + "query_proj", self + "key_proj", self + "value_proj"}, shape);
  const bool own = !shape.share_att_key;
  if (shape.c2p)
    layer.pos_key_proj = own ? heads({self + "pos_key_proj"}, shape) : layer.query_key_value.part(width, width);
  if (shape.p2c)
    layer.pos_query_proj = own ? heads({self + "pos_query_proj"}, shape) : layer.query_key_value.part(0, width);
  layer.attention_output = linear(attended + "dense", hidden, width);
  TensorPlace& columns = tensors[tensors.size() - 2].place; // the weight: its columns are heads too
  columns.columns = elements_of(1, hidden);
  columns.column_group = elements_of(1, shape.head_dim());
  columns.column_pitch = elements_of(1, shape.padded_head);
  layer.attention_norm = norm(attended + "LayerNorm", hidden);
  layer.intermediate = linear(name + "intermediate.dense", shape.intermediate_size, hidden);
  layer.output = linear(name + "output.dense", hidden, shape.intermediate_size);
  layer.output_norm = norm(name + "output.LayerNorm", hidden);
  return layer;
}

} // namespace sciexam::inline gpu

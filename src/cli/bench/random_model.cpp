#include "cli/bench/random_model.hpp"

#include "checkpoint/int8_tensors.hpp"
#include "support/errors.hpp"
#include "support/machine/threads.hpp"
#include "support/text/json.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <random>
#include <set>
#include <string_view>

namespace sciexam::inline cli {
namespace {

struct Shape {
  std::string_view name;
  int hidden_size, layers, heads;
};

constexpr std::array<Shape, 4> kShapes = {
    {{"large", 1024, 24, 16}, {"base", 768, 12, 12}, {"small", 768, 6, 12}, {"xsmall", 384, 12, 6}}};

/// The names of all groups of dense layers, or of none.
std::set<std::string> groups_of(const DebertaConfig& config, bool all) {
  std::set<std::string> names;
  if (all)
    for (const DenseGroup& group : dense_groups(config))
      names.insert(group.name);
  return names;
}

} // namespace

std::vector<std::string> shape_names() {
  std::vector<std::string> names;
  names.reserve(std::size(kShapes));
  for (const Shape& shape : kShapes)
    names.emplace_back(shape.name);
  return names;
}

DebertaConfig shape_of(const std::string& name) {
  const auto* const shape = std::ranges::find(kShapes, name, &Shape::name);
  if (shape == kShapes.end())
    throw UsageError("the shape " + name + " is unknown");
  Json json = Json::parse(R"({"model_type": "deberta-v2", "vocab_size": 128100, "hidden_act": "gelu",
    "max_position_embeddings": 512, "relative_attention": true, "max_relative_positions": -1, "position_buckets": 256,
    "norm_rel_ebd": "layer_norm", "share_att_key": true, "pos_att_type": "p2c|c2p", "position_biased_input": false,
    "type_vocab_size": 0, "layer_norm_eps": 1e-7, "pooler_hidden_act": "gelu"})");
  json["hidden_size"] = json["pooler_hidden_size"] = shape->hidden_size;
  json["num_hidden_layers"] = shape->layers;
  json["num_attention_heads"] = shape->heads;
  json["intermediate_size"] = 4 * shape->hidden_size;
  return parse_deberta_config(JsonDocument(json.dump(), title_of_shape(name)).root());
}

std::string title_of_shape(const std::string& name) {
  return "DeBERTa-v3-" + name;
}

RandomWeights::RandomWeights(const DebertaConfig& config, bool int8)
    : tensors_(tensors_with_int8(config, groups_of(config, int8), DType::f16)) {
  std::mt19937 generator(0);
  std::uniform_real_distribution<float> any(-0.03F, 0.03F);
  std::vector<float> values(kChunk);
  std::generate(values.begin(), values.end(), [&] { return any(generator); });
  convert_from_f32(DType::f16, values, halves_);
  convert_from_f32(DType::f32, values, floats_);
}

void RandomWeights::read(const std::function<bool(const TensorInfo&)>& wanted,
                         const std::function<void(const TensorChunk&)>& sink, int threads) {
  parallel_for(tensors_.size(), threads, [&](std::size_t i) {
    const TensorInfo& tensor = tensors_[i];
    for (std::uint64_t first = 0; wanted(tensor) && first < tensor.elements(); first += kChunk)
      sink({tensor, first,
            std::span(tensor.dtype == DType::f32 ? floats_ : halves_)
                .first(size_of(tensor.dtype) * std::min<std::uint64_t>(kChunk, tensor.elements() - first))});
  });
}

std::vector<EncodedQuestion> random_questions(std::size_t count, int length, std::int64_t vocab_size) {
  std::mt19937 generator(0);
  std::uniform_int_distribution<std::int32_t> any(3, static_cast<std::int32_t>(vocab_size) - 1);
  std::vector<EncodedQuestion> questions(count);
  for (EncodedQuestion& question : questions)
    for (Encoding& encoding : question) {
      encoding.ids.resize(static_cast<std::size_t>(length));
      encoding.type_ids.assign(encoding.ids.size(), 0);
      for (std::int32_t& id : encoding.ids)
        id = any(generator);
    }
  return questions;
}

} // namespace sciexam::inline cli

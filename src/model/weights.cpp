#include "model/weights.hpp"

#include "checkpoint/int8_tensors.hpp"
#include "checkpoint/safetensors.hpp"
#include "model/answering_reference.hpp"
#include "model/weight_place.hpp"
#include "support/errors.hpp"

#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <utility>

namespace sciexam::inline model {
namespace {

/// Reads the tensors that `match` found into the network's places.
void read_matched(const Match& match, WeightSource& source, int threads,
                  const std::function<WeightPlace(const std::string&)>& place_of) {
  std::map<std::string, WeightPlace> wanted; // by the stored name
  for (const auto& [name, stored] : match.stored_name)
    wanted.emplace(stored, place_of(name));
  source.read([&](const TensorInfo& tensor) { return wanted.contains(tensor.name); },
              [&](const TensorChunk& chunk) { wanted.at(chunk.tensor.name).store(chunk); }, threads);
}

void load_packed_weights(PackedDeberta& network, WeightSource& source, const std::set<std::string>& int8_groups,
                         int threads) {
  const std::vector<TensorInfo> tensors = tensors_with_int8(network.config(), int8_groups, DType::f32);
  read_matched(match_parameters(tensors, source, Purpose::answering), source, threads,
               [&](const std::string& name) { return network.place_of(name); });
  network.complete();
}

/// Refuses weights and a precision that do not suit the configuration.
void require_suitable(const DebertaConfig& config, const WeightSource& source, const std::set<std::string>& int8_groups,
                      Precision precision) {
  const bool int8 = !int8_groups.empty();
  if (precision == Precision::bf16 && (int8 || !can_be_packed(config)))
    throw UsageError(source.description() + ": " +
                     (int8 ? std::string("a network with int8 weights")
                           : "a network of this kind (hidden_act " + config.hidden_act + ")") +
                     " cannot answer in bf16. Give --precision auto");
  if (int8 && !can_have_int8(config))
    throw InputError({source.description()},
                     "has int8 weights, which a network of its config.json (hidden_act " + config.hidden_act +
                         ") cannot have",
                     "Check that config.json and the weights belong together, or pack the models again");
}

PackedFormats formats_of(const WeightSource& source, std::set<std::string> int8_groups, Precision precision) {
  const std::vector<TensorInfo>& tensors = source.tensors();
  const bool halves = std::all_of(tensors.begin(), tensors.end(), [](const TensorInfo& tensor) {
    return tensor.dtype == DType::f16 || tensor.dtype == DType::i8 || tensor.name.ends_with(".weight_scale") ||
           tensor.name.ends_with(".input_factor");
  });
  return {.dense = precision == Precision::bf16 ? StoredWeights::bf16
                   : halves                     ? StoredWeights::f16
                                                : StoredWeights::f32,
          .int8_groups = std::move(int8_groups),
          .f16_embeddings = halves};
}

} // namespace

std::vector<std::string> load_weights(const DebertaForMultipleChoice& network, WeightSource& source, Purpose purpose,
                                      int threads) {
  const Match match = match_parameters(parameters_of(network.config()), source, purpose);
  read_matched(match, source, threads, [&](const std::string& name) { return network.parameter(name); });
  return match.extra;
}

std::unique_ptr<PackedDeberta> load_packed(const DebertaConfig& config, WeightSource& source, int threads,
                                           Precision precision) {
  const std::set<std::string> groups = int8_groups(config, source);
  require_suitable(config, source, groups, precision);
  auto network = std::make_unique<PackedDeberta>(config, formats_of(source, groups, precision));
  load_packed_weights(*network, source, groups, threads);
  return network;
}

std::unique_ptr<AnsweringNetwork> load_to_answer(const DebertaConfig& config, WeightSource& source, int threads,
                                                 Precision precision) {
  if (can_be_packed(config))
    return load_packed(config, source, threads, precision);
  require_suitable(config, source, int8_groups(config, source), precision);
  DebertaForMultipleChoice network(config);
  load_weights(network, source, Purpose::answering, threads);
  return std::make_unique<AnsweringReference>(std::move(network));
}

void save_weights(const DebertaForMultipleChoice& network, const std::filesystem::path& file, DType dtype) {
  std::vector<TensorInfo> tensors = parameters_of(network.config());
  for (TensorInfo& tensor : tensors)
    tensor.dtype = dtype;
  write_safetensors(
      file, tensors, {{"format", "pt"}}, [&](std::size_t index, std::size_t first, std::span<std::byte> out) {
        const auto count = static_cast<std::int64_t>(out.size() / size_of(dtype));
        const at::Tensor all = network.parameters()[index].second.detach().flatten();
        const at::Tensor values =
            all.narrow(0, static_cast<std::int64_t>(first / size_of(dtype)), count).to(at::kCPU, at::kFloat);
        convert_from_f32(dtype, {values.const_data_ptr<float>(), static_cast<std::size_t>(count)}, out);
      });
}

} // namespace sciexam::inline model

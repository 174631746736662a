#include "model/weights.hpp"

#include "checkpoint/byte_tensors.hpp"
#include "checkpoint/safetensors.hpp"
#include "support/errors.hpp"

#include <algorithm>
#include <map>

#include <ATen/core/grad_mode.h>

namespace sciexam {

std::vector<std::string> load_weights(DebertaForMultipleChoice& network, WeightSource& source, Purpose purpose,
                                      int threads) {
  const DebertaConfig& config = network.config();
  const std::set<std::string> bytes = network.is_packed() ? groups_of_bytes(config, source) : std::set<std::string>{};
  const Match match = match_parameters(tensors_with_bytes(config, bytes, DType::f32), source, purpose);
  std::map<std::string, WeightPlace> wanted; // by the stored name
  for (const auto& [name, stored] : match.stored_name)
    wanted.emplace(stored, network.place_of(name));
  source.read([&](const TensorInfo& tensor) { return wanted.contains(tensor.name); },
              [&](const TensorChunk& chunk) { wanted.at(chunk.tensor.name).store(chunk); }, threads);
  network.complete();
  return match.extra;
}

DebertaForMultipleChoice load_to_answer(DebertaConfig config, WeightSource& source, int threads, Precision precision) {
  const std::vector<TensorInfo>& tensors = source.tensors();
  const std::set<std::string> bytes = groups_of_bytes(config, source);
  const bool bf16 = precision == Precision::bf16;
  if (bf16 && (!bytes.empty() || !can_be_packed(config)))
    throw UsageError(source.description() + ": " +
                     (bytes.empty() ? "a network of this kind (hidden_act " + config.hidden_act + ")"
                                    : std::string("a network with int8 weights")) +
                     " cannot answer in bf16. Give --precision auto");
  const bool halves = std::all_of(tensors.begin(), tensors.end(), [](const TensorInfo& tensor) {
    return tensor.dtype == DType::f16 || tensor.dtype == DType::i8 || tensor.name.ends_with(".weight_scale") ||
           tensor.name.ends_with(".input_factor");
  });
  if (!bytes.empty() && !can_have_bytes(config))
    throw InputError({source.description()},
                     "has weights of one byte, which a network of its config.json (hidden_act " + config.hidden_act +
                         ") cannot have",
                     "Check that config.json and the weights belong together, or pack the models again");
  DebertaForMultipleChoice network =
      DebertaForMultipleChoice::for_answering(std::move(config), {.dense = bf16     ? StoredWeights::bf16
                                                                           : halves ? StoredWeights::f16
                                                                                    : StoredWeights::f32,
                                                                  .bytes = bytes,
                                                                  .half_embeddings = halves});
  load_weights(network, source, Purpose::answering, threads);
  network.freeze_relative_tables();
  return network;
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

} // namespace sciexam

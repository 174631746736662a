#include "model/weights.hpp"

#include "checkpoint/safetensors.hpp"
#include "support/errors.hpp"

#include <algorithm>
#include <map>

#include <ATen/core/grad_mode.h>

namespace sciexam {
namespace {

/// Writes elements first .. of a chunk, converted, into the tensor's storage.
void store(const TensorChunk& chunk, const at::Tensor& tensor) {
  const std::size_t elements = chunk.bytes.size() / size_of(chunk.tensor.dtype);
  if (tensor.scalar_type() == at::kFloat) {
    convert_to_f32(chunk.tensor.dtype, chunk.bytes, {tensor.mutable_data_ptr<float>() + chunk.first, elements});
    return;
  }
  std::vector<float> values(elements);
  convert_to_f32(chunk.tensor.dtype, chunk.bytes, values);
  std::copy(values.begin(), values.end(), tensor.mutable_data_ptr<double>() + chunk.first);
}

} // namespace

std::vector<std::string> load_weights(DebertaForMultipleChoice& network, WeightSource& source, Purpose purpose,
                                      int threads) {
  const Match match = match_parameters(parameters_of(network.config()), source, purpose);
  std::map<std::string, at::Tensor> wanted; // by the stored name
  for (const auto& [name, tensor] : network.parameters())
    if (const auto stored = match.stored_name.find(name); stored != match.stored_name.end())
      wanted.emplace(stored->second, tensor);
  source.read([&](const TensorInfo& tensor) { return wanted.contains(tensor.name); },
              [&](const TensorChunk& chunk) { store(chunk, wanted.at(chunk.tensor.name)); }, threads);
  return match.extra;
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

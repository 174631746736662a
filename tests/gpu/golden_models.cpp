#include "gpu/golden_models.hpp"

#include "checkpoint/checkpoint.hpp"
#include "checkpoint/weight_source.hpp"
#include "golden/golden.hpp"

#include <algorithm>
#include <cstring>

#include <catch2/catch_test_macros.hpp>

namespace sciexam::test {

std::map<std::string, std::vector<double>> read_doubles(const std::filesystem::path& file) {
  std::map<std::string, std::vector<double>> tensors;
  const auto source = open_checkpoint(file);
  for (const TensorInfo& info : source->tensors())
    tensors[info.name].resize(info.elements());
  source->read([](const TensorInfo&) { return true; },
               [&](const TensorChunk& chunk) {
                 double* out = tensors.at(chunk.tensor.name).data() + chunk.first;
                 const std::size_t count = chunk.bytes.size() / size_of(chunk.tensor.dtype);
                 std::vector<float> floats(count);
                 if (chunk.tensor.dtype == DType::f64) {
                   std::memcpy(out, chunk.bytes.data(), chunk.bytes.size());
                 } else if (chunk.tensor.dtype == DType::i64) {
                   std::vector<std::int64_t> integers(count);
                   std::memcpy(integers.data(), chunk.bytes.data(), chunk.bytes.size());
                   std::copy(integers.begin(), integers.end(), out);
                 } else {
                   convert_to_f32(chunk.tensor.dtype, chunk.bytes, floats);
                   std::copy(floats.begin(), floats.end(), out);
                 }
               },
               1);
  return tensors;
}

std::vector<Batch> batches_of(const std::map<std::string, std::vector<double>>& io, std::size_t sequences,
                              std::size_t at_once) {
  const std::size_t length = io.at("input_ids").size() / sequences;
  std::vector<Batch> batches;
  for (std::size_t s = 0; s < sequences; ++s) {
    if (s % at_once == 0)
      batches.emplace_back();
    Batch& batch = batches.back();
    for (std::size_t i = s * length; i < (s + 1) * length; ++i)
      if (io.at("attention_mask")[i] != 0) {
        batch.ids.push_back(static_cast<std::int32_t>(io.at("input_ids")[i]));
        batch.types.push_back(static_cast<std::int32_t>(io.at("token_type_ids")[i]));
      }
    batch.offsets.push_back(static_cast<std::int32_t>(batch.ids.size()));
  }
  return batches;
}

std::vector<std::filesystem::path> model_folders() {
  const auto folders = golden::folders_with("io.safetensors");
  REQUIRE_FALSE(folders.empty());
  return folders;
}

} // namespace sciexam::test

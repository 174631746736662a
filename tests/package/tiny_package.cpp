#include "package/tiny_package.hpp"

#include "checkpoint/parameters.hpp"
#include "checkpoint/safetensors.hpp"
#include "support/files/files.hpp"

#include <algorithm>
#include <cstring>
#include <fstream>
#include <mutex>
#include <sstream>
#include <stdexcept>

#include <zstd.h>

namespace sciexam::test {
namespace {

std::string config_text(int vocab_size) {
  return R"({"model_type": "deberta-v2", "hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2,
 "intermediate_size": 48, "max_position_embeddings": 16, "position_buckets": 4, "relative_attention": true,
 "share_att_key": true, "pos_att_type": ["p2c", "c2p"], "norm_rel_ebd": "layer_norm", "position_biased_input": false,
 "type_vocab_size": 0, "hidden_act": "gelu", "pooler_hidden_size": 32, "vocab_size": )" +
         std::to_string(vocab_size) + "}\n";
}

} // namespace

void write_checkpoint(const std::filesystem::path& folder, int vocab_size,
                      const std::function<void(const std::string&, std::vector<float>&)>& change) {
  std::filesystem::create_directories(folder);
  write_file(folder / "config.json", config_text(vocab_size));
  const std::vector<TensorInfo> tensors = parameters_of(read_deberta_config(folder / "config.json"));
  write_safetensors(folder / "model.safetensors", tensors, {{"format", "pt"}},
                    [&](std::size_t index, std::size_t first, std::span<std::byte> out) {
                      std::vector<float> values(tensors[index].elements());
                      for (std::size_t i = 0; i < values.size(); ++i)
                        values[i] = static_cast<float>((i * 37 + index * 11) % 1021) / 1024.0F - 0.5F;
                      if (change)
                        change(tensors[index].name, values);
                      std::memcpy(out.data(), values.data() + first / sizeof(float), out.size());
                    });
}

PackRequest tiny_request(const std::filesystem::path& folder, int count, int vocab_size) {
  PackRequest request;
  request.title = "tiny";
  request.created_by = "sciexam test";
  request.vocabulary = {.name = "spm.model", .bytes = "the pieces", .source = folder / "vocabulary.model"};
  request.output = folder / "package";
  request.threads = 2;
  for (int i = 0; i < count; ++i) {
    const std::string number = std::to_string(i);
    request.models.push_back({.name = "run_" + number, .folder = folder / ("checkpoint_" + number)});
    write_checkpoint(request.models.back().folder, vocab_size);
  }
  return request;
}

Tensors read_all(WeightSource& source, int threads) {
  Tensors tensors;
  std::map<std::string, std::uint64_t> seen;
  for (const TensorInfo& tensor : source.tensors())
    tensors[tensor.name].resize(tensor.bytes());
  std::mutex mutex;
  source.read([](const TensorInfo&) { return true; },
              [&](const TensorChunk& chunk) {
                const std::lock_guard lock(mutex);
                std::vector<std::byte>& bytes = tensors.at(chunk.tensor.name);
                const std::uint64_t first = chunk.first * size_of(chunk.tensor.dtype);
                if (first > bytes.size() || chunk.bytes.size() > bytes.size() - first)
                  throw std::logic_error("a chunk lies outside of " + chunk.tensor.name);
                std::copy(chunk.bytes.begin(), chunk.bytes.end(), bytes.begin() + static_cast<std::ptrdiff_t>(first));
                seen[chunk.tensor.name] += chunk.bytes.size();
              },
              threads);
  for (const auto& [name, bytes] : tensors)
    if (seen[name] != bytes.size())
      throw std::logic_error(name + " was not read once and whole");
  return tensors;
}

std::string read_file(const std::filesystem::path& file) {
  return read_text_file(file, std::uint64_t{1} << 30);
}

void write_file(const std::filesystem::path& file, std::string_view text) {
  std::ofstream stream(file, std::ios::binary | std::ios::trunc);
  stream.write(text.data(), static_cast<std::streamsize>(text.size()));
  if (!stream.flush())
    throw std::runtime_error("cannot write " + file.string());
}

void flip_bit(const std::filesystem::path& path, std::uint64_t bit) {
  std::string text = read_file(path);
  text.at(bit / 8) = static_cast<char>(text[bit / 8] ^ (1 << bit % 8));
  write_file(path, text);
}

std::vector<std::string> names_in(const std::filesystem::path& folder) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    names.push_back(entry.path().filename().string());
  std::sort(names.begin(), names.end());
  return names;
}

std::string decompress(const std::filesystem::path& file) {
  const std::string compressed = read_file(file);
  std::string plain(std::size_t{64} << 20, '\0');
  const std::size_t size = ZSTD_decompress(plain.data(), plain.size(), compressed.data(), compressed.size());
  if (ZSTD_isError(size))
    throw std::runtime_error(file.string() + ": " + ZSTD_getErrorName(size));
  plain.resize(size);
  return plain;
}

} // namespace sciexam::test

#include "checkpoint/checkpoint.hpp"
#include "checkpoint/layer_choice.hpp"
#include "checkpoint/safetensors.hpp"
#include "support/errors.hpp"
#include "temporary_folder.hpp"

#include <algorithm>
#include <cstring>
#include <map>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace sciexam;
using Catch::Matchers::ContainsSubstring;

namespace {

/// A checkpoint of tensors of one number, 0, 1, 2, ... in the order of their names.
std::unique_ptr<WeightSource> numbered(const std::filesystem::path& file, const std::vector<std::string>& names) {
  std::vector<TensorInfo> tensors;
  for (const std::string& name : names)
    tensors.push_back({name, DType::f32, {1}});
  write_safetensors(file, tensors, {}, [](std::size_t index, std::size_t, std::span<std::byte> out) {
    const auto number = static_cast<float>(index);
    std::memcpy(out.data(), &number, out.size());
  });
  return open_checkpoint(file);
}

std::map<std::string, float> numbers_in(WeightSource& source) {
  std::map<std::string, float> values;
  source.read(
      [](const TensorInfo&) { return true; },
      [&](const TensorChunk& chunk) { std::memcpy(&values[chunk.tensor.name], chunk.bytes.data(), sizeof(float)); }, 1);
  return values;
}

} // namespace

TEST_CASE("a student has the layers that are named, in their order, and all that is not a layer") {
  const test::TemporaryFolder folder;
  const auto student = with_layers(
      numbered(folder / "model.safetensors",
               {"deberta.embeddings.word_embeddings.weight", "deberta.encoder.layer.0.output.dense.weight",
                "deberta.encoder.layer.1.output.dense.weight", "deberta.encoder.layer.2.output.dense.weight",
                "deberta.encoder.layer.10.output.dense.weight", "deberta.encoder.rel_embeddings.weight"}),
      {10, 0, 2});
  CHECK(numbers_in(*student) == std::map<std::string, float>{{"deberta.embeddings.word_embeddings.weight", 0},
                                                             {"deberta.encoder.layer.0.output.dense.weight", 4},
                                                             {"deberta.encoder.layer.1.output.dense.weight", 1},
                                                             {"deberta.encoder.layer.2.output.dense.weight", 3},
                                                             {"deberta.encoder.rel_embeddings.weight", 5}});
  CHECK(student->tensors().size() == 5);
}

TEST_CASE("layers are known inside of wrappers' names, and what merely looks like one is left as it is") {
  const test::TemporaryFolder folder;
  const auto student = with_layers(
      numbered(folder / "model.safetensors", {"module.deberta.encoder._orig_mod.layer.1._orig_mod.output.dense.bias",
                                              "module.deberta.encoder.layer.norm", "player.1.bias", "layer.7"}),
      {1});
  CHECK(numbers_in(*student) ==
        std::map<std::string, float>{{"module.deberta.encoder._orig_mod.layer.0._orig_mod.output.dense.bias", 0},
                                     {"module.deberta.encoder.layer.norm", 1},
                                     {"player.1.bias", 2},
                                     {"layer.7", 3}});
}

TEST_CASE("a layer that the checkpoint does not have is refused by its number") {
  const test::TemporaryFolder folder;
  CHECK_THROWS_WITH(
      with_layers(numbered(folder / "model.safetensors", {"deberta.encoder.layer.0.output.dense.weight"}), {0, 12}),
      ContainsSubstring("model.safetensors: has no layer 12"));
}

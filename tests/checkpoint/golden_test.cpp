// Checkpoints and configurations that the library wrote.
#include "checkpoint/checkpoint.hpp"
#include "checkpoint/parameters.hpp"
#include "checkpoint/written_files.hpp"
#include "golden/golden.hpp"
#include "support/errors.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_exception.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace sciexam;
using namespace sciexam::test;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::MessageMatches;

namespace {

std::vector<std::filesystem::path> model_folders() {
  const auto folders = golden::folders_with("model.safetensors");
  if (folders.empty())
    SKIP("no model folders in " << golden::folder());
  return folders;
}

/// The tensors as f32 values, then rounded to `dtype` and back.
std::map<std::string, std::vector<float>> values(const std::filesystem::path& file, DType dtype = DType::f32) {
  const auto source = open_checkpoint(file);
  std::map<std::string, std::vector<float>> all;
  const auto data = read_all(*source);
  for (const TensorInfo& tensor : source->tensors()) {
    if (tensor.dtype == DType::i64)
      continue; // position_ids
    std::vector<float> wide(tensor.elements());
    convert_to_f32(tensor.dtype, bytes_of(data.at(tensor.name)), wide);
    std::vector<std::byte> narrow(wide.size() * size_of(dtype));
    convert_from_f32(dtype, wide, narrow);
    convert_to_f32(dtype, narrow, wide);
    all.emplace(tensor.name, std::move(wide));
  }
  return all;
}

/// Every config.json below the folder of reference results.
std::vector<std::filesystem::path> configs(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> found;
  std::error_code error;
  for (std::filesystem::recursive_directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error))
    if (entry->path().filename() == "config.json")
      found.push_back(entry->path());
  return found;
}

} // namespace

TEST_CASE("golden: all forms of a checkpoint hold the same tensors", "[golden]") {
  for (const auto& folder : model_folders()) {
    const auto exact = values(folder / "model.safetensors");
    CHECK_FALSE(exact.empty());
    for (const auto& [file, dtype] :
         {std::pair("model.fp16.safetensors", DType::f16), std::pair("model.bf16.safetensors", DType::bf16),
          std::pair("pytorch_model.bin", DType::f32), std::pair("pytorch_model.fp16.bin", DType::f16),
          std::pair("pytorch_model.legacy_position_ids.bin", DType::f32),
          std::pair("pytorch_model.prezip.bin", DType::f32)}) {
      if (!std::filesystem::exists(folder / file))
        continue;
      INFO(folder / file);
      CHECK(values(folder / file) == values(folder / "model.safetensors", dtype));
    }
  }
}

TEST_CASE("golden: a checkpoint from before PyTorch 1.6 is complete", "[golden]") {
  const auto folders = golden::folders_with("pytorch_model.prezip.bin");
  if (folders.empty())
    SKIP("no such file in " << golden::folder());
  for (const auto& folder : folders) {
    const auto source = open_checkpoint(folder / "pytorch_model.prezip.bin");
    const auto expected = parameters_of(read_deberta_config(folder / "config.json"));
    CHECK(match_parameters(expected, *source, Purpose::answering).stored_name.size() == expected.size());
  }
}

TEST_CASE("golden: every checkpoint matches its configuration", "[golden]") {
  for (const auto& folder : model_folders()) {
    INFO(folder);
    const auto expected = parameters_of(read_deberta_config(folder / "config.json"));
    const auto source = open_checkpoint(folder);
    const Match match = match_parameters(expected, *source, Purpose::answering);
    CHECK(match.extra.empty());
    CHECK(match.stored_name.size() == expected.size());
    const auto legacy = folder / "pytorch_model.legacy_position_ids.bin";
    if (std::filesystem::exists(legacy))
      CHECK(match_parameters(expected, *open_checkpoint(legacy), Purpose::answering).extra ==
            std::vector<std::string>{"deberta.embeddings.position_ids"});
  }
}

TEST_CASE("golden: every configuration is understood", "[golden]") {
  auto files = configs(golden::folder());
  const auto exports = configs(golden::folder() / ".." / "deberta-v3" / "configs");
  files.insert(files.end(), exports.begin(), exports.end());
  if (files.empty())
    SKIP("no config.json in " << golden::folder());
  for (const auto& file : files) {
    INFO(file);
    const DebertaConfig config = read_deberta_config(file);
    CHECK(config.unknown_keys.empty());
    CHECK_FALSE(parameters_of(config).empty());
  }
}

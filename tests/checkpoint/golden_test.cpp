// Checkpoints and configurations that the library wrote.
#include "checkpoint/checkpoint.hpp"
#include "checkpoint/parameters.hpp"
#include "checkpoint/written_files.hpp"
#include "golden/golden.hpp"
#include "support/errors.hpp"

#include <set>
#include <sstream>
#include <tuple>

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
  REQUIRE_FALSE(folders.empty());
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
  REQUIRE_FALSE(folders.empty());
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
  auto files = configs(golden::own());
  REQUIRE_FALSE(files.empty());
  for (const auto& more : {golden::additional(), golden::additional() / ".." / "deberta-v3" / "configs"}) {
    const auto found = configs(more);
    files.insert(files.end(), found.begin(), found.end());
  }
  for (const auto& file : files) {
    INFO(file);
    const DebertaConfig config = read_deberta_config(file);
    CHECK(config.unknown_keys.empty());
    CHECK_FALSE(parameters_of(config).empty());
  }
}

TEST_CASE("golden: the project's own models have every kind of layer that a configuration can ask for", "[golden]") {
  std::set<std::string> kinds;
  std::set<std::tuple<bool, bool, bool>> terms;
  for (const auto& file : configs(golden::own())) {
    const DebertaConfig c = read_deberta_config(file);
    if (c.relative_attention)
      terms.emplace(c.c2p, c.p2c, c.share_att_key);
    for (const auto& [kind, has] :
         {std::pair("buckets", c.position_buckets > 0),
          std::pair("distances", c.relative_attention && c.position_buckets < 1),
          std::pair("limited distances", c.max_relative_positions > 0),
          std::pair("no relative attention", !c.relative_attention),
          std::pair("norm of the table", c.normalize_relative_embeddings),
          std::pair("no norm of it", c.relative_attention && !c.normalize_relative_embeddings),
          std::pair("absolute positions", c.position_biased_input),
          std::pair("both positions", c.position_biased_input && c.relative_attention),
          std::pair("token types", c.type_vocab_size > 0),
          std::pair("narrow embedding", c.embedding_size < c.hidden_size),
          std::pair("wide embedding", c.embedding_size > c.hidden_size),
          std::pair("convolution", c.conv_kernel_size > 0 && c.conv_groups == 1),
          std::pair("convolution in groups", c.conv_kernel_size > 0 && c.conv_groups > 1),
          std::pair("a head of 64", c.head_dim() == 64), std::pair("one layer", c.num_hidden_layers == 1),
          std::pair("three layers", c.num_hidden_layers == 3)})
      if (has)
        kinds.insert(kind);
  }
  CAPTURE(kinds);
  CHECK(kinds.size() == 16);
  CHECK(terms == std::set<std::tuple<bool, bool, bool>>{{false, false, true},
                                                        {true, false, false},
                                                        {true, false, true},
                                                        {false, true, false},
                                                        {false, true, true},
                                                        {true, true, false},
                                                        {true, true, true}});
}

TEST_CASE("golden: the project's own models have every activation that a configuration may name", "[golden]") {
  std::set<std::string> inside, in_pooler;
  for (const auto& file : configs(golden::own())) {
    const DebertaConfig config = read_deberta_config(file);
    inside.insert(config.hidden_act);
    in_pooler.insert(config.pooler_hidden_act);
  }
  // The refusal of an unknown one names all.
  std::string names;
  try {
    parse_deberta_config(JsonDocument(R"({"model_type": "deberta-v2", "hidden_act": "none"})", "config.json").root());
  } catch (const InputError& error) {
    names = error.what();
  }
  const std::string before = "supports ";
  REQUIRE(names.find(before) != std::string::npos);
  std::istringstream list(names.substr(names.find(before) + before.size()));
  std::size_t count = 0;
  for (std::string name; std::getline(list >> std::ws, name, ','); ++count) {
    INFO(name);
    CHECK(inside.contains(name));
    CHECK(in_pooler.contains(name));
  }
  CHECK(count == 10);
}

#include "checkpoint/listed_weights.hpp"
#include "checkpoint/parameters.hpp"
#include "support/errors.hpp"
#include "support/files/files.hpp"

#include <sstream>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_exception.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace sciexam;
using namespace sciexam::test;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::MessageMatches;

namespace {

DebertaConfig small_config() {
  DebertaConfig config;
  config.num_hidden_layers = 1;
  return config;
}

bool is_head(const std::string& name) {
  return name.starts_with("pooler.") || name.starts_with("classifier.");
}

void check_refused(std::vector<TensorInfo> stored, Purpose purpose, const std::string& message) {
  CHECK_THROWS_MATCHES(match_parameters(parameters_of(small_config()), ListedWeights(std::move(stored)), purpose),
                       InputError, MessageMatches(ContainsSubstring(message)));
}

std::string described(const TensorInfo& tensor) {
  std::string text = tensor.name;
  for (const std::int64_t size : tensor.shape)
    text += " " + std::to_string(size);
  return text;
}

} // namespace

TEST_CASE("names and shapes are those of the library's state dicts") {
  std::istringstream fixture(
      read_text_file(std::filesystem::path(SCIEXAM_SOURCE_DIR) / "tests" / "checkpoint" / "parameters.txt"));
  std::string line;
  std::getline(fixture, line); // who made it
  std::vector<TensorInfo> parameters;
  std::size_t at = 0;
  int configurations = 0;
  while (std::getline(fixture, line)) {
    if (line.starts_with("= ")) {
      CHECK(at == parameters.size());
      const JsonDocument document(line.substr(2), "parameters.txt");
      const DebertaConfig config = parse_deberta_config(document.root());
      CHECK(config.unknown_keys.empty());
      parameters = parameters_of(config);
      at = 0;
      ++configurations;
      continue;
    }
    INFO("configuration " << configurations);
    REQUIRE(at < parameters.size());
    CHECK(described(parameters[at++]) == line);
  }
  CHECK(at == parameters.size());
  CHECK(configurations == 16);
}

TEST_CASE("a complete checkpoint matches, and its extra tensors are listed") {
  auto stored = parameters_of(small_config());
  stored.push_back({"deberta.embeddings.position_ids", DType::i64, {1, 512}});
  stored.insert(stored.begin(), {"lm_predictions.lm_head.bias", DType::f32, {128100}});
  stored[1].dtype = DType::f16;
  const Match match = match_parameters(parameters_of(small_config()), ListedWeights(stored), Purpose::answering);
  CHECK(match.missing.empty());
  CHECK(match.extra == std::vector<std::string>{"lm_predictions.lm_head.bias", "deberta.embeddings.position_ids"});
  CHECK(match.stored_name.size() == parameters_of(small_config()).size());
  CHECK(match.stored_name.at("classifier.bias") == "classifier.bias");
}

TEST_CASE("a base model may start training but not answer") {
  auto stored = parameters_of(small_config());
  std::erase_if(stored, [](const TensorInfo& tensor) { return is_head(tensor.name); });
  check_refused(
      stored, Purpose::answering,
      "lacks pooler.dense.weight, pooler.dense.bias, classifier.weight, classifier.bias. This is a base model");
  const Match match = match_parameters(parameters_of(small_config()), ListedWeights(stored), Purpose::training_start);
  CHECK(match.missing ==
        std::vector<std::string>{"pooler.dense.weight", "pooler.dense.bias", "classifier.weight", "classifier.bias"});
  CHECK(match.stored_name.size() == stored.size());
}

TEST_CASE("the export of a bare base model has no prefix") {
  auto stored = parameters_of(small_config());
  std::erase_if(stored, [](const TensorInfo& tensor) { return is_head(tensor.name); });
  for (TensorInfo& tensor : stored)
    tensor.name = tensor.name.substr(std::string_view("deberta.").size());
  const Match match = match_parameters(parameters_of(small_config()), ListedWeights(stored), Purpose::training_start);
  CHECK(match.stored_name.at("deberta.encoder.layer.0.output.dense.bias") == "encoder.layer.0.output.dense.bias");
  CHECK(match.extra.empty());
  stored[0].name = "deberta." + stored[0].name; // then all must have it
  check_refused(stored, Purpose::training_start, "and 17 more");
}

TEST_CASE("missing tensors and wrong shapes or types are refused by name") {
  auto stored = parameters_of(small_config());
  const TensorInfo taken = stored[3];
  stored.erase(stored.begin() + 3);
  for (const Purpose purpose : {Purpose::answering, Purpose::training_start})
    check_refused(stored, purpose, "model.safetensors: lacks " + taken.name + ". Check that config.json");
  stored.insert(stored.begin() + 3, taken);
  stored[0].shape = {128001, 1536};
  check_refused(stored, Purpose::answering,
                "tensor deberta.embeddings.word_embeddings.weight has shape [128001, 1536], but config.json asks for "
                "[128100, 1536]");
  stored[0].shape = {128100, 1536};
  stored[0].dtype = DType::i8;
  check_refused(stored, Purpose::answering, "tensor deberta.embeddings.word_embeddings.weight is of type I8");
}

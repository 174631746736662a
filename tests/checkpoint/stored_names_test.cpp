#include "checkpoint/listed_weights.hpp"
#include "checkpoint/parameters.hpp"
#include "checkpoint/stored_names.hpp"
#include "support/errors.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_exception.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace sciexam;
using namespace sciexam::test;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::MessageMatches;

namespace {

using Rename = std::function<std::string(const std::string&)>;

std::vector<TensorInfo> network() {
  DebertaConfig config;
  config.num_hidden_layers = 2;
  config.relative_attention = config.normalize_relative_embeddings = true;
  return parameters_of(config);
}

std::vector<TensorInfo> renamed(const Rename& rename) {
  std::vector<TensorInfo> tensors = network();
  for (TensorInfo& tensor : tensors)
    tensor.name = rename(tensor.name);
  return tensors;
}

Rename with_prefix(const std::string& text) {
  return [text](const std::string& name) { return text + name; };
}

std::string with_part(std::string name, std::string_view from, std::string_view to) {
  if (const std::size_t at = name.find(from); at != std::string::npos)
    name.replace(at, from.size(), to);
  return name;
}

/// All of the network's tensors are found, each in the stored one that was made from it.
void check_found(const Rename& rename, const std::string& note) {
  const ListedWeights source(renamed(rename));
  const Match match = match_parameters(network(), source, Purpose::answering);
  CHECK(match.extra.empty());
  CHECK(match.note == note);
  for (const TensorInfo& tensor : network())
    CHECK(match.stored_name.at(tensor.name) == rename(tensor.name));
}

void check_names_refused(std::vector<TensorInfo> stored, const std::string& message,
                         Purpose purpose = Purpose::answering) {
  CHECK_THROWS_MATCHES(match_parameters(network(), ListedWeights(std::move(stored)), purpose), InputError,
                       MessageMatches(ContainsSubstring(message)));
}

bool is_of_head(const std::string& name) {
  return name.starts_with("pooler.") || name.starts_with("classifier.");
}

} // namespace

TEST_CASE("a prefix that all names share is removed, whatever it is") {
  check_found(with_prefix(""), "");
  for (const char* text : {"module.", "model.", "base_model.model.", "model.module.", "my.own.wrapper.", "net_1."})
    check_found(with_prefix(text), "tensor names are read without \"" + std::string(text) + "\"");
  check_found(with_prefix("_orig_mod."), "tensor names are read without \"_orig_mod.\"");
  check_found(with_prefix("module._orig_mod."), "tensor names are read without \"module.\" and \"_orig_mod.\"");
}

TEST_CASE("parts that wrappers insert into names are removed") {
  const Rename compiled_layers = [](const std::string& name) {
    return with_part(with_part(name, "layer.0.", "layer.0._orig_mod."), "layer.1.", "layer.1._orig_mod.");
  };
  check_found(compiled_layers, "tensor names are read without \"_orig_mod.\"");
  const Rename sharded = [](const std::string& name) {
    return "_fsdp_wrapped_module." +
           with_part(name, "layer.1.", "layer.1._fsdp_wrapped_module._checkpoint_wrapped_module.");
  };
  check_found(sharded, "tensor names are read without \"_fsdp_wrapped_module.\" and \"_checkpoint_wrapped_module.\"");
  // not a wrapper's: the name only ends like one
  std::vector<TensorInfo> other = network();
  other[0].name = "deberta.not_orig_mod.embeddings.word_embeddings.weight";
  check_names_refused(other, "lacks deberta.embeddings.word_embeddings.weight");
}

TEST_CASE("gamma and beta are a LayerNorm's weight and bias") {
  const Rename old_names = [](const std::string& name) {
    return with_part(with_part(name, "LayerNorm.weight", "LayerNorm.gamma"), "LayerNorm.bias", "LayerNorm.beta");
  };
  const std::string note = "LayerNorm.gamma and .beta are read as LayerNorm.weight and .bias";
  check_found(old_names, note);
  check_found([&](const std::string& name) { return "module." + old_names(name); },
              "tensor names are read without \"module.\"; " + note);
}

TEST_CASE("the export of a base model may have a prefix too") {
  std::vector<TensorInfo> stored = network();
  std::erase_if(stored, [](const TensorInfo& tensor) { return is_of_head(tensor.name); });
  for (TensorInfo& tensor : stored)
    tensor.name = with_part(tensor.name, "deberta.", "module.");
  const Match match = match_parameters(network(), ListedWeights(stored), Purpose::training_start);
  CHECK(match.stored_name.at("deberta.encoder.LayerNorm.bias") == "module.encoder.LayerNorm.bias");
  CHECK(match.note == "tensor names are read without \"module.\"");
  CHECK(match.missing.size() == 4);
}

TEST_CASE("a model without a prefix takes precedence over a copy with one, which is left out") {
  std::vector<TensorInfo> stored = network();
  const std::vector<TensorInfo> copy = renamed(with_prefix("ema."));
  stored.insert(stored.begin(), copy.begin(), copy.end());
  const Match match = match_parameters(network(), ListedWeights(stored), Purpose::answering);
  CHECK(match.note.empty());
  CHECK(match.stored_name.at("classifier.bias") == "classifier.bias");
  CHECK(match.extra.size() == copy.size());
}

TEST_CASE("two models under different prefixes are refused, naming both") {
  std::vector<TensorInfo> stored = renamed(with_prefix("student."));
  const std::vector<TensorInfo> other = renamed(with_prefix("teacher."));
  stored.insert(stored.end(), other.begin(), other.end());
  check_names_refused(stored, "more than once, under the prefixes \"student.\" and \"teacher.\"");
  // one of which is incomplete
  std::erase_if(stored, [](const TensorInfo& tensor) { return tensor.name.starts_with("teacher.deberta.encoder."); });
  const Match match = match_parameters(network(), ListedWeights(stored), Purpose::answering);
  CHECK(match.note == "tensor names are read without \"student.\"");
}

TEST_CASE("two tensors of one name are refused, naming both") {
  std::vector<TensorInfo> stored = network();
  stored.push_back({"classifier._orig_mod.weight", DType::f32, {1, 1536}});
  check_names_refused(stored, "has tensors classifier.weight and classifier._orig_mod.weight, both of which are "
                              "classifier.weight of the network");
}

TEST_CASE("where nothing fits, what was found is named") {
  std::vector<TensorInfo> stored = renamed([](const std::string& name) {
    return "roberta." + std::to_string(name.size()) + with_part(name, "embeddings", "e") + ".w";
  });
  check_names_refused(stored, ", but has roberta.");
  check_names_refused(stored,
                      "(all names begin with \"roberta.\"). Check that config.json and the weights belong together");
  stored = renamed(with_prefix("module."));
  stored.erase(stored.begin());
  check_names_refused(stored,
                      "lacks deberta.embeddings.word_embeddings.weight (tensor names are read without \"module.\")");
}

TEST_CASE("a head under another name is named, and a base model without a trained head is called that") {
  std::vector<TensorInfo> stored = network();
  std::erase_if(stored, [](const TensorInfo& tensor) { return is_of_head(tensor.name); });
  stored.push_back({"lm_predictions.lm_head.bias", DType::f32, {128100}});
  check_names_refused(stored, "classifier.bias. This is a base model without a trained head: fine-tune it first");
  stored.push_back({"fc.weight", DType::f32, {1, 1536}});
  stored.push_back({"fc.bias", DType::f32, {1}});
  check_names_refused(stored,
                      "lacks pooler.dense.weight, pooler.dense.bias, classifier.weight, classifier.bias, but has "
                      "fc.weight, fc.bias. The head is not that of DebertaV2ForMultipleChoice");
  CHECK(match_parameters(network(), ListedWeights(stored), Purpose::training_start).missing.size() == 4);
}

TEST_CASE("the head of another task has to be retrained") {
  std::vector<TensorInfo> stored = network();
  for (TensorInfo& tensor : stored)
    if (tensor.name.starts_with("classifier."))
      tensor.shape[0] = 5;
  check_names_refused(
      stored, "tensor classifier.weight has shape [5, 1536], but the network for multiple choice has [1, 1536]. "
              "The head is for 5 classes");
  const Match match = match_parameters(network(), ListedWeights(stored), Purpose::training_start);
  CHECK(match.missing == std::vector<std::string>{"classifier.weight", "classifier.bias"});
  CHECK(match.extra == match.missing);
  CHECK(match.stored_name.contains("pooler.dense.weight"));
}

TEST_CASE("unmerged adapters are refused, even if the whole network is there") {
  for (const char* name : {"deberta.encoder.layer.0.attention.self.query_proj.lora_A.default.weight",
                           "base_model.model.classifier.modules_to_save.default.weight",
                           "deberta.encoder.layer.0.output.dense.base_layer.weight"})
    for (const Purpose purpose : {Purpose::answering, Purpose::training_start}) {
      std::vector<TensorInfo> stored = network();
      stored.push_back({name, DType::f32, {8, 1536}});
      check_names_refused(stored, std::string("not merged into the weights: ") + name, purpose);
    }
}

TEST_CASE("tensors that were saved in parts are refused, saying how to gather them") {
  std::vector<TensorInfo> stored = network();
  for (TensorInfo& tensor : stored)
    if (tensor.shape.size() > 1)
      tensor.shape = {0};
  check_names_refused(stored, "has shape [0], but config.json asks for [128100, 1536]. It was saved while its parts");
}

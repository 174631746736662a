// Tiny networks with weights of one byte.
#include "catch_beside_torch.hpp"
#include "checkpoint/int8_tensors.hpp"
#include "checkpoint/safetensors.hpp"
#include "inference/answering.hpp"
#include "model/tiny_networks.hpp"
#include "model/weights.hpp"
#include "quantization/agreement.hpp"
#include "quantization/int8_model.hpp"
#include "support/errors.hpp"
#include "support/random.hpp"
#include "temporary_folder.hpp"

#include <algorithm>
#include <array>

#include <catch2/matchers/catch_matchers_string.hpp>

using namespace sciexam;
using Catch::Matchers::ContainsSubstring;

namespace {

/// Options differ in their last `different` tokens.
std::vector<EncodedQuestion> random_questions(std::size_t count, int length, int different) {
  std::vector<EncodedQuestion> questions(count);
  RandomSequence random({7, {}});
  const auto token = [&] {
    return static_cast<std::int32_t>(random.below(static_cast<std::uint32_t>(test::tiny_config().vocab_size)));
  };
  for (EncodedQuestion& question : questions)
    for (std::size_t option = 0; option < kOptions; ++option) {
      Encoding& encoding = question[option];
      for (int i = 0; i < length; ++i)
        encoding.ids.push_back(option > 0 && i < length - different ? question[0].ids[static_cast<std::size_t>(i)]
                                                                    : token());
      encoding.type_ids.assign(encoding.ids.size(), 0);
    }
  return questions;
}

struct TinyCheckpoint {
  test::TemporaryFolder folder;
  DebertaConfig config;
  std::unique_ptr<WeightSource> weights;

  explicit TinyCheckpoint(const DebertaForMultipleChoice& network = test::random_network(test::tiny_config()))
      : config(network.config()) {
    save_weights(network, folder / "model.safetensors", DType::f32);
    weights = open_safetensors(folder / "model.safetensors");
  }
};

std::unique_ptr<WeightSource> bytes_of(const TinyCheckpoint& checkpoint) {
  const std::vector<EncodedQuestion> questions = random_questions(1, 10, 10);
  return make_int8_model(checkpoint.config, *checkpoint.weights, "tiny",
                         {.questions = questions, .allow_disagreement = true});
}

} // namespace

TEST_CASE("a model with weights of one byte computes nearly the same") {
  TinyCheckpoint checkpoint;
  const std::vector<EncodedQuestion> questions = random_questions(20, 30, 30);
  std::vector<std::string> notes;
  const std::unique_ptr<WeightSource> bytes =
      make_int8_model(checkpoint.config, *checkpoint.weights, "tiny",
                      {.questions = questions, .threads = 2, .allow_disagreement = true, .note = [&](const auto& note) {
                         notes.push_back(note);
                       }});
  REQUIRE(notes.size() == 1);
  CHECK_THAT(notes[0], ContainsSubstring("tiny, 8 of 8 products as int8: of 20 questions"));
  CHECK(int8_groups(checkpoint.config, *bytes).size() == 8);
  const std::vector<OptionLogits> exact =
      answer_all(*load_to_answer(checkpoint.config, *checkpoint.weights, 2), questions, "f32");
  const Agreement agreement =
      compare(answer_all(*load_to_answer(checkpoint.config, *bytes, 2), questions, "int8"), exact);
  float lowest = exact[0][0], highest = lowest;
  for (const OptionLogits& logits : exact)
    for (const float logit : logits) {
      lowest = std::min(lowest, logit);
      highest = std::max(highest, logit);
    }
  CHECK(agreement.largest_difference > 0);
  CHECK(agreement.largest_difference < 0.1 * static_cast<double>(highest - lowest));
  CHECK_THROWS_AS(load_to_answer(checkpoint.config, *bytes, 2, Precision::bf16), UsageError);
}

TEST_CASE(
    "a model whose answers change with weights of one byte is refused, after more and more layers were left in f16") {
  TinyCheckpoint checkpoint;
  const std::vector<EncodedQuestion> questions = random_questions(60, 100, 1); // options that are nearly the same
  std::vector<std::string> notes;
  const Int8ModelRequest request{
      .questions = questions, .threads = 2, .note = [&](const std::string& note) { notes.push_back(note); }};
  CHECK_THROWS_WITH(make_int8_model(checkpoint.config, *checkpoint.weights, "tiny", request),
                    ContainsSubstring("the order of the first three") && ContainsSubstring("--precision f16") &&
                        ContainsSubstring("--allow-disagreement"));
  REQUIRE(notes.size() == 4); // a sixteenth and an eighth of eight are the same
  for (std::size_t i = 0; i < notes.size(); ++i)
    CHECK_THAT(notes[i], ContainsSubstring("tiny, " + std::to_string(std::array{8, 7, 6, 4}.at(i)) + " of 8 products"));
}

TEST_CASE("only finite weights become bytes") {
  const DebertaForMultipleChoice network = test::random_network(test::tiny_config());
  const std::string name = "deberta.encoder.layer.1.output.dense.weight";
  for (const auto& [parameter, tensor] : network.parameters())
    if (parameter == name)
      tensor.mutable_data_ptr<float>()[5] = NAN;
  CHECK_THROWS_WITH(bytes_of(TinyCheckpoint(network)),
                    ContainsSubstring("model.safetensors") && ContainsSubstring(name + " holds a value that is not"));
}

TEST_CASE("weights of one byte are for networks whose layers can be packed alone") {
  DebertaConfig other = test::tiny_config();
  other.hidden_act = "relu";
  CHECK_THROWS_AS(bytes_of(TinyCheckpoint(test::random_network(other))), UsageError);
  const TinyCheckpoint checkpoint;
  CHECK_THROWS_AS(load_to_answer(other, *bytes_of(checkpoint), 1), InputError);
  CHECK_NOTHROW(load_packed(checkpoint.config, *bytes_of(checkpoint), 1));
}

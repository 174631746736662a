#include "checkpoint/config.hpp"
#include "support/errors.hpp"
#include "support/files/files.hpp"
#include "temporary_folder.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_exception.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace sciexam;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::MessageMatches;

namespace {

/// A configuration of `members` and the model's type.
DebertaConfig parse(const std::string& members) {
  const JsonDocument document(R"({"model_type": "deberta-v2")" + (members.empty() ? "" : ", " + members) + "}",
                              "config.json");
  return parse_deberta_config(document.root());
}

void check_refused(const std::string& members, const std::string& message) {
  INFO(members);
  CHECK_THROWS_MATCHES(parse(members), InputError, MessageMatches(ContainsSubstring(message)));
}

} // namespace

TEST_CASE("absent settings have the library's defaults") {
  for (const char* members : {"", R"("pos_att_type": null, "cls_dropout": null, "embedding_size": null)"}) {
    const DebertaConfig config = parse(members);
    CHECK(config.vocab_size == 128100);
    CHECK(config.hidden_size == 1536);
    CHECK(config.num_hidden_layers == 24);
    CHECK(config.num_attention_heads == 24);
    CHECK(config.intermediate_size == 6144);
    CHECK(config.max_position_embeddings == 512);
    CHECK(config.type_vocab_size == 0);
    CHECK(config.layer_norm_eps == 1e-7);
    CHECK(config.position_biased_input);
    CHECK_FALSE(config.relative_attention);
    CHECK_FALSE(config.c2p);
    CHECK_FALSE(config.p2c);
    CHECK_FALSE(config.share_att_key);
    CHECK_FALSE(config.normalize_relative_embeddings);
    CHECK(config.hidden_act == "gelu");
    CHECK(config.pooler_hidden_act == "gelu");
    CHECK(config.conv_kernel_size == 0);
    CHECK(config.conv_act == "tanh");
    CHECK(config.classifier_dropout() == 0.1);
    CHECK(config.pooler_dropout == 0);
    CHECK(config.unknown_keys.empty());
  }
}

TEST_CASE("every setting is read from its key") {
  const DebertaConfig config = parse(
      R"("vocab_size": 100, "hidden_size": 32, "num_hidden_layers": 3, "num_attention_heads": 4, "intermediate_size": 64,
         "attention_head_size": 8, "embedding_size": 16, "type_vocab_size": 2, "max_position_embeddings": 128,
         "pooler_hidden_size": 32, "position_biased_input": false, "relative_attention": true,
         "max_relative_positions": 64, "position_buckets": 24, "pos_att_type": ["c2p"], "share_att_key": true,
         "norm_rel_ebd": "layer_norm", "conv_kernel_size": 3, "conv_groups": 2, "conv_act": "gelu", "hidden_act": "relu",
         "pooler_hidden_act": "tanh", "layer_norm_eps": 1e-5, "hidden_dropout_prob": 0.2,
         "attention_probs_dropout_prob": 0.3, "pooler_dropout": 0.4, "cls_dropout": 0, "initializer_range": 0.5)");
  CHECK(config.vocab_size == 100);
  CHECK(config.num_hidden_layers == 3);
  CHECK(config.head_dim() == 8);
  CHECK(config.intermediate_size == 64);
  CHECK(config.embedding_size == 16);
  CHECK(config.type_vocab_size == 2);
  CHECK(config.max_position_embeddings == 128);
  CHECK(config.pooler_hidden_size == 32);
  CHECK_FALSE(config.position_biased_input);
  CHECK(config.relative_attention);
  CHECK(config.max_relative_distance() == 64);
  CHECK(config.attention_span() == 24);
  CHECK(config.relative_rows() == 48);
  CHECK(config.c2p);
  CHECK_FALSE(config.p2c);
  CHECK(config.share_att_key);
  CHECK(config.normalize_relative_embeddings);
  CHECK(config.conv_kernel_size == 3);
  CHECK(config.conv_groups == 2);
  CHECK(config.conv_act == "gelu");
  CHECK(config.hidden_act == "relu");
  CHECK(config.pooler_hidden_act == "tanh");
  CHECK(config.layer_norm_eps == 1e-5);
  CHECK(config.hidden_dropout_prob == 0.2);
  CHECK(config.attention_probs_dropout_prob == 0.3);
  CHECK(config.pooler_dropout == 0.4);
  CHECK(config.classifier_dropout() == 0);
  CHECK(config.initializer_range == 0.5);
}

TEST_CASE("pos_att_type may be a list or a text with bars") {
  for (const char* both : {R"(["p2c", "c2p"])", R"("p2c|c2p")", R"("C2P | P2C")"}) {
    const DebertaConfig config = parse(R"("pos_att_type": )" + std::string(both));
    CHECK(config.c2p);
    CHECK(config.p2c);
  }
  CHECK(parse(R"("pos_att_type": "p2c")").p2c);
  for (const char* neither : {"[]", R"("")", R"("None")"})
    CHECK_FALSE(parse(R"("pos_att_type": )" + std::string(neither)).c2p);
}

TEST_CASE("without buckets or a maximum distance the sizes follow max_position_embeddings") {
  CHECK(parse(R"("max_position_embeddings": 40)").attention_span() == 40);
  CHECK(
      parse(R"("max_position_embeddings": 40, "max_relative_positions": 0, "position_buckets": 0)").attention_span() ==
      40);
  CHECK(parse(R"("max_position_embeddings": 40, "max_relative_positions": 7)").relative_rows() == 14);
}

TEST_CASE("another kind of model is refused") {
  const auto check = [](const std::string& text, const std::string& message) {
    CHECK_THROWS_MATCHES(parse_deberta_config(JsonDocument(text, "config.json").root()), InputError,
                         MessageMatches(ContainsSubstring(message)));
  };
  check(R"({"model_type": "deberta"})",
        "config.json, column $.model_type: is \"deberta\", but sciexam runs deberta-v2");
  check("{}", "has no \"model_type\"");
  check("[]", "is not an object");
}

TEST_CASE("the activation gelu_python is gelu") {
  CHECK(parse(R"("hidden_act": "gelu_python")").hidden_act == "gelu");
}

TEST_CASE("unknown words are refused by name") {
  check_refused(R"("hidden_act": "mish")", "$.hidden_act: is the unknown activation \"mish\"");
  check_refused(R"("pooler_hidden_act": "Gelu")", "$.pooler_hidden_act: is the unknown activation");
  check_refused(R"("conv_act": "x")", "$.conv_act: is the unknown activation");
  check_refused(R"("pos_att_type": "c2p|p2p")", "$.pos_att_type: has the unknown element \"p2p\"");
  check_refused(R"("pos_att_type": ["C2P"])", "unknown element \"C2P\"");
  check_refused(R"("norm_rel_ebd": "batch_norm")", "$.norm_rel_ebd: has the unknown element \"batch_norm\"");
}

TEST_CASE("values of the wrong type or size are refused by name") {
  for (const char* key : {"vocab_size", "hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size",
                          "embedding_size", "max_position_embeddings", "pooler_hidden_size", "conv_groups"})
    for (const char* value : {"0", "-3", "1.5", "true", "\"7\"", "99999999999", "1e300"})
      check_refused("\"" + std::string(key) + "\": " + value,
                    "$." + std::string(key) + ": is not an integer between 1");
  check_refused(R"("type_vocab_size": -1)", "$.type_vocab_size");
  check_refused(R"("relative_attention": 1)", "$.relative_attention: is neither true nor false");
  check_refused(R"("layer_norm_eps": -1e-7)", "$.layer_norm_eps: is not at least 0.0 and below 1.0");
  check_refused(R"("hidden_dropout_prob": 1)", "$.hidden_dropout_prob: is not at least 0.0 and below 1.0");
  check_refused(R"("cls_dropout": "0.1")", "$.cls_dropout: is not a finite number");
  check_refused(R"("hidden_act": 3)", "$.hidden_act: is not a string");
}

TEST_CASE("values that contradict each other are refused by name") {
  check_refused(R"("hidden_size": 100, "num_attention_heads": 12)",
                "$.num_attention_heads: (12) does not divide hidden_size (100)");
  check_refused(R"("hidden_size": 100)", "has no \"num_attention_heads\", and its default (24) does not divide");
  check_refused(R"("attention_head_size": 32)", "$.attention_head_size: is not hidden_size / num_attention_heads (64)");
  check_refused(R"("pooler_hidden_size": 64)", "$.pooler_hidden_size: is not hidden_size (1536)");
  check_refused(R"("conv_kernel_size": 4)", "$.conv_kernel_size: is even");
  check_refused(R"("conv_kernel_size": 3, "conv_groups": 5)", "$.conv_groups: does not divide hidden_size (1536)");
  check_refused(R"("relative_attention": true, "position_buckets": 1)", "$.position_buckets: (1) does not fit");
  check_refused(R"("relative_attention": true, "position_buckets": 16, "max_relative_positions": 9)",
                "$.position_buckets: (16) does not fit distances of at most 9");
  CHECK(parse(R"("relative_attention": true, "position_buckets": 16, "max_relative_positions": 10)").attention_span() ==
        16);
}

TEST_CASE("pruned heads are refused, an empty list of them is not") {
  check_refused(R"("pruned_heads": {"1": [0, 2]})", "$.pruned_heads: asks for pruned heads");
  CHECK(parse(R"("pruned_heads": {})").unknown_keys.empty());
}

TEST_CASE("unknown keys are listed, bookkeeping is not") {
  CHECK(
      parse(
          R"("dtype": "float16", "legacy": true, "id2label": {"0": "A"}, "sparse_attention": 3, "quantization_config": {})")
          .unknown_keys == std::vector<std::string>{"sparse_attention", "quantization_config"});
}

TEST_CASE("a configuration is read from its file") {
  const test::TemporaryFolder folder;
  write_file_atomically(folder / "config.json", R"({"model_type": "deberta-v2", "vocab_size": 7})");
  CHECK(read_deberta_config(folder / "config.json").vocab_size == 7);
  CHECK_THROWS_AS(read_deberta_config(folder / "none.json"), UsageError);
}

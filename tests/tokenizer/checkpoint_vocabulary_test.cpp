#include "support/errors.hpp"
#include "support/files/files.hpp"
#include "temporary_folder.hpp"
#include "tokenizer/checkpoint_vocabulary.hpp"
#include "tokenizer/parse_tokenizer.hpp"
#include "tokenizer/small_model.hpp"
#include "tokenizer/small_tokenizer_json.hpp"
#include "tokenizer/tokenizer.hpp"
#include "tokenizer/tokenizer_json.hpp"
#include "tokenizer/tokenizer_json_writer.hpp"

#include <memory>
#include <utility>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_exception.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace sciexam;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::MessageMatches;
namespace fs = std::filesystem;

namespace {

using Ids = std::vector<std::int32_t>;

constexpr std::int32_t kCls = 1, kSep = 2, kUnk = 3;
constexpr std::int32_t kStart = 4, kStartA = 5, kStartB = 7, kB = 8;

/// The pieces of small_tokenizer_json(), with a character map.
std::string small_spm() {
  auto model = small_model({{"\u2581", -4},
                            {"\u2581"
                             "a",
                             -1},
                            {"a", -2},
                            {"\u2581"
                             "b",
                             -1},
                            {"b", -2}});
  model.mutable_normalizer_spec()->set_precompiled_charsmap(make_character_map({{"\n", " "}, {"\uFF41", "a"}}));
  return model.SerializeAsString();
}

/// A checkpoint's folder without its weights.
class Folder {
public:
  Folder& with_text(const std::string& name, const std::string& text) {
    write_file_atomically(path() / name, text);
    return *this;
  }
  Folder& with(const std::string& name, const Json& json) { return with_text(name, json.dump()); }
  Folder& with_spm() { return with_text("spm.model", small_spm()); }

  Vocabulary read() const { return read_checkpoint_vocabulary(path()); }
  Ids ids(std::string_view text) const {
    const Vocabulary vocabulary = read();
    return Tokenizer::from_bytes(vocabulary.bytes, vocabulary.name).encode(text).ids;
  }
  void check_refused(const std::string& problem) const {
    INFO(problem);
    CHECK_THROWS_MATCHES(read(), InputError, MessageMatches(ContainsSubstring(problem)));
  }
  fs::path path() const { return folder_->path(); }

private:
  std::unique_ptr<test::TemporaryFolder> folder_ = std::make_unique<test::TemporaryFolder>();
};

Json decoder_entry(const std::string& content, bool special = false) {
  return {{"content", content}, {"lstrip", false},      {"normalized", false},
          {"rstrip", false},    {"single_word", false}, {"special", special}};
}

Json config_with_tokens(std::int32_t first = 10) {
  return {{"added_tokens_decoder",
           {{"0", decoder_entry("[PAD]", true)},
            {"9", decoder_entry("[MASK]", true)},
            {std::to_string(first), decoder_entry("\n")},
            {std::to_string(first + 1), decoder_entry("[CTX]", true)}}},
          {"do_lower_case", false},
          {"split_by_punct", false},
          {"cls_token", "[CLS]"}};
}

} // namespace

TEST_CASE("a folder's only vocabulary is taken") {
  CHECK(Folder().with_spm().read().name == "spm.model");
  CHECK(Folder().with_spm().read().bytes == small_spm());
  const Vocabulary json = Folder().with("tokenizer.json", small_tokenizer_json()).read();
  CHECK(json.name == "tokenizer.json");
  CHECK(json.bytes == small_tokenizer_json().dump());
  CHECK(json.notes.empty());
  CHECK_THROWS_MATCHES(Folder().read(), UsageError,
                       MessageMatches(ContainsSubstring("neither tokenizer.json nor spm.model")));
}

TEST_CASE("spm.model with settings that change nothing stays as it is") {
  Folder folder;
  folder.with_spm()
      .with("tokenizer_config.json",
            {{"do_lower_case", false},
             {"split_by_punct", false},
             {"vocab_type", "spm"},
             {"added_tokens_decoder", {{"3", decoder_entry("[UNK]", true)}, {"9", decoder_entry("[MASK]", true)}}},
             {"unk_token", "[UNK]"},
             {"sp_model_kwargs", Json::object()}})
      .with("special_tokens_map.json",
            {{"bos_token", "[CLS]"}, {"unk_token", {{"content", "[UNK]"}, {"normalized", true}}}})
      .with("added_tokens.json", {{"[MASK]", 9}});
  CHECK(folder.read().bytes == small_spm());
  CHECK(folder.read().notes.empty());
}

TEST_CASE("of two files that give the same ids spm.model is taken") {
  const TokenizerDefinition definition = parse_tokenizer(small_spm(), "spm.model");
  const Folder folder = std::move(Folder().with_spm().with_text("tokenizer.json", write_tokenizer_json(definition)));
  CHECK(folder.read().bytes == small_spm());
  CHECK(folder.read().notes.empty());
}

TEST_CASE("spm.model is also taken where a tokenizer.json of 2023 looks for [UNK] in the raw text") {
  TokenizerDefinition definition = parse_tokenizer(small_spm(), "spm.model");
  for (AddedToken& token : definition.added_tokens)
    token.normalized = false;
  Folder folder;
  folder.with_spm().with_text("tokenizer.json", write_tokenizer_json(definition));
  CHECK(folder.read().bytes == small_spm());
}

TEST_CASE("of two files that give different ids tokenizer.json is taken, with a note") {
  Folder folder;
  folder.with_spm().with("tokenizer.json", small_tokenizer_json());
  const Vocabulary vocabulary = folder.read();
  CHECK(vocabulary.name == "tokenizer.json");
  REQUIRE(vocabulary.notes.size() == 1);
  CHECK_THAT(vocabulary.notes[0],
             ContainsSubstring("used instead of the spm.model") && ContainsSubstring("the normalizer"));
  // named itself, spm.model is taken, and that is said too
  const Vocabulary named = read_vocabulary(folder.path() / "spm.model");
  CHECK(named.bytes == small_spm());
  REQUIRE(named.notes.size() == 1);
  CHECK_THAT(named.notes[0], ContainsSubstring("tokenizer.json: not used"));
}

TEST_CASE("tokens beside spm.model are honoured, through a tokenizer.json") {
  Folder folder;
  folder.with_spm()
      .with("tokenizer_config.json", config_with_tokens())
      .with("added_tokens.json", {{"[MASK]", 9}, {"\n", 10}, {"[CTX]", 11}});
  CHECK(folder.read().name == "tokenizer.json");
  CHECK(folder.ids("a\nb [CTX] \uFF41") == Ids{kCls, kStartA, 10, kStartB, 11, kStartA, kSep});
  REQUIRE(folder.read().notes.size() == 1);
  CHECK_THAT(folder.read().notes[0], ContainsSubstring("\"[CTX]\" (11)"));
}

TEST_CASE("added_tokens.json alone says enough") {
  Folder folder;
  folder.with_spm()
      .with("added_tokens.json", {{"[CTX]", 10}, {"[MASK]", 9}})
      .with("special_tokens_map.json", {{"additional_special_tokens", {"[CTX]"}}});
  CHECK(folder.ids("[CTX]b") == Ids{kCls, 10, kStartB, kSep});
}

TEST_CASE("do_lower_case and split_by_punct beside spm.model are honoured") {
  Folder lower, punctuation;
  lower.with_spm().with("tokenizer_config.json", {{"do_lower_case", true}});
  CHECK(lower.ids("A[SEP]B") == Ids{kCls, kStartA, kSep, kStartB, kSep});
  CHECK_THAT(lower.read().notes.at(0), ContainsSubstring("do_lower_case"));
  punctuation.with_spm().with("tokenizer_config.json", {{"split_by_punct", true}});
  CHECK(punctuation.ids("a,b") == Ids{kCls, kStartA, kStart, kUnk, kStartB, kSep});
  CHECK(Folder().with_spm().ids("a,b") == Ids{kCls, kStartA, kUnk, kB, kSep});
}

TEST_CASE("settings that cannot be followed are refused by name") {
  Folder().with_spm().with("tokenizer_config.json", {{"backend", "tokenizers"}}).check_refused("transformers 5");
  Folder().with_spm().with("tokenizer_config.json", {{"backend", "mistral"}}).check_refused("$.backend: is mistral");
  Folder().with_spm().with("tokenizer_config.json", config_with_tokens(20)).check_refused("gets id 10");
  Folder().with_spm().with("tokenizer_config.json", {{"cls_token", "<s>"}}).check_refused("$.cls_token: is <s>");
  Folder()
      .with_spm()
      .with("tokenizer_config.json", {{"split_special_tokens", true}})
      .check_refused("split_special_tokens");
  Folder()
      .with_spm()
      .with("special_tokens_map.json", {{"additional_special_tokens", {"[CTX]"}}})
      .check_refused("\"[CTX]\"");
  Folder().with_spm().with("added_tokens.json", {{"[CTX]", "x"}}).check_refused("added_tokens.json");
  Folder().with_spm().with_text("tokenizer_config.json", "{").check_refused("tokenizer_config.json");
  Json stripping = config_with_tokens();
  stripping["added_tokens_decoder"]["9"]["lstrip"] = true;
  Folder().with_spm().with("tokenizer_config.json", stripping).check_refused("\"[MASK]\" (9)");
}

TEST_CASE("settings beside tokenizer.json must agree with it") {
  const auto folder = [](const Json& config) {
    return std::move(Folder().with("tokenizer.json", small_tokenizer_json()).with("tokenizer_config.json", config));
  };
  CHECK(
      folder({{"backend", "tokenizers"}, {"do_lower_case", false}, {"extra_special_tokens", {"[PAD]"}}}).read().name ==
      "tokenizer.json");
  folder(config_with_tokens()).check_refused("\"\\n\" (10)");
  folder({{"do_lower_case", true}}).check_refused("do_lower_case is true");
  folder({{"split_by_punct", true}}).check_refused("split_by_punct is true");
  folder({{"extra_special_tokens", {"[CTX]"}}}).check_refused("\"[CTX]\"");
  folder({{"add_prefix_space", false}}).check_refused("add_prefix_space");
}

TEST_CASE("what has no effect is named in a line") {
  Json json = small_tokenizer_json();
  json["truncation"] = {{"max_length", 5}};
  json["padding"] = {{"pad_id", 0}};
  Folder folder;
  folder.with("tokenizer.json", json)
      .with("tokenizer_config.json", {{"truncation_side", "left"}, {"chat_template", "x"}, {"model_max_length", 512}});
  const std::vector<std::string> notes = folder.read().notes;
  REQUIRE(notes.size() == 2);
  CHECK_THAT(notes[0], ContainsSubstring("tokenizer.json: these settings have no effect here: truncation, padding"));
  CHECK_THAT(
      notes[1],
      ContainsSubstring("tokenizer_config.json: these settings have no effect here: truncation_side, chat_template"));
}

TEST_CASE("a vocabulary that a model was not trained with is refused") {
  Folder json, spm, with_tokens, bare;
  json.with("tokenizer.json", small_tokenizer_json());
  spm.with_spm();
  with_tokens.with_spm().with("tokenizer_config.json", config_with_tokens());
  const auto refuses = [](const fs::path& file, const Folder& folder, const std::string& problem) {
    INFO(problem);
    CHECK_THROWS_MATCHES(require_trained_with(read_vocabulary(file), folder.path()), UsageError,
                         MessageMatches(ContainsSubstring(problem)));
  };
  refuses(spm.path() / "spm.model", json, "the normalizer");
  refuses(json.path() / "tokenizer.json", spm, "the normalizer");
  refuses(spm.path() / "spm.model", with_tokens, "the added tokens");
  bare.with("tokenizer_config.json", {{"do_lower_case", true}});
  refuses(spm.path() / "spm.model", bare, "the normalizer");
  CHECK_NOTHROW(require_trained_with(read_vocabulary(with_tokens.path() / "spm.model"), with_tokens.path()));
  CHECK_NOTHROW(require_trained_with(read_vocabulary(spm.path() / "spm.model"), Folder().path()));
}

TEST_CASE("several checkpoints must have one vocabulary") {
  Folder first, second, bare;
  first.with_spm();
  second.with_spm();
  const auto common = [&](const fs::path& given, std::vector<fs::path> folders) {
    return common_vocabulary(given, folders);
  };
  CHECK(common({}, {bare.path(), first.path(), second.path()}).source == first.path() / "spm.model");
  second.with("tokenizer.json", small_tokenizer_json());
  CHECK_THROWS_AS(common({}, {first.path(), second.path()}), UsageError);
  CHECK_THROWS_AS(common(first.path() / "spm.model", {first.path(), second.path()}), UsageError);
  CHECK(common(second.path() / "tokenizer.json", {second.path(), bare.path()}).name == "tokenizer.json");
  CHECK_THROWS_AS(common({}, {bare.path()}), UsageError);
}

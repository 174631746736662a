#include "support/errors.hpp"
#include "tokenizer/base64.hpp"
#include "tokenizer/parse_tokenizer.hpp"
#include "tokenizer/small_model.hpp"
#include "tokenizer/small_tokenizer_json.hpp"
#include "tokenizer/tokenizer.hpp"
#include "tokenizer/tokenizer_json.hpp"
#include "tokenizer/tokenizer_json_writer.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_exception.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace sciexam;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::MessageMatches;

namespace {

using Ids = std::vector<std::int32_t>;

constexpr std::int32_t kPad = 0, kCls = 1, kSep = 2, kUnk = 3;
constexpr std::int32_t kStart = 4, kStartA = 5, kA = 6, kStartB = 7, kB = 8, kMask = 9;

Json::json_pointer at(const std::string& place) {
  return Json::json_pointer(place);
}

/// The small tokenizer with the value at `place` replaced.
Json with(const std::string& place, Json value) {
  Json json = small_tokenizer_json();
  json[at(place)] = std::move(value);
  return json;
}

Ids ids(const Json& json, std::string_view text) {
  return Tokenizer::from_bytes(json.dump(), "tokenizer.json").encode(text, {}, {.add_special_tokens = false}).ids;
}

Ids ids(std::string_view text) {
  return ids(small_tokenizer_json(), text);
}

void check_refused(const Json& json, const std::string& problem) {
  INFO(problem);
  CHECK_THROWS_MATCHES(Tokenizer::from_bytes(json.dump(), "tokenizer.json"), InputError,
                       MessageMatches(ContainsSubstring("tokenizer.json") && ContainsSubstring(problem)));
}

Json token(std::int32_t id, const std::string& content) {
  return {{"id", id},        {"content", content},  {"single_word", false}, {"lstrip", false},
          {"rstrip", false}, {"normalized", false}, {"special", false}};
}

Json with_token(Json added) {
  Json json = small_tokenizer_json();
  json["added_tokens"].push_back(std::move(added));
  return json;
}

} // namespace

TEST_CASE("a tokenizer.json is read by its name or its first byte") {
  const std::string text = small_tokenizer_json().dump();
  CHECK(Tokenizer::from_bytes(text, "vocabulary").encode("a") == Encoding{{kCls, kStartA, kSep}, {0, 0, 0}});
  CHECK(Tokenizer::from_bytes("\n" + text, "x.json").vocabulary_size() == 10);
  CHECK(Tokenizer::from_bytes(text, "tokenizer.json").encode("a", "b").ids == Ids{kCls, kStartA, kSep, kStartB, kSep});
}

TEST_CASE("texts go through the normalizer of transformers 5") {
  CHECK(ids("a\n\nb\tb") == Ids{kStartA, kStartB, kStartB});
  CHECK(ids(" a  b ") == Ids{kStartA, kStartB});
  CHECK(ids("\n") == Ids{});
  CHECK(ids("a\u200Bb") == Ids{kStartA, kUnk, kB}); // no character map
  CHECK(ids("\u00A0a") == Ids{kStart, kUnk, kA});   // one white space at the front stays
}

TEST_CASE("added tokens are found in the raw text, [UNK] too") {
  CHECK(ids("a[SEP] b[MASK][PAD]") == Ids{kStartA, kSep, kStartB, kMask, kPad});
  CHECK(ids("a [UNK] b") == Ids{kStartA, kUnk, kStartB});
  CHECK(ids("[[CLS]]") == Ids{kStart, kUnk, kCls, kStart, kUnk});
}

TEST_CASE("tokens behind the vocabulary are found as they say") {
  CHECK(ids(with_token(token(10, "\n")), "a\nb") == Ids{kStartA, 10, kStartB});
  CHECK(ids(with_token(token(10, "ab")), "aab b") == Ids{kStartA, 10, kStartB});
  Json word = token(10, "b");
  word["id"] = kB; // a piece that is marked as a token keeps its id
  word["single_word"] = true;
  CHECK(ids(with_token(word), "b-ab") == Ids{kB, kStart, kUnk, kA, kB});
  Json normal = token(10, "e\u0301");
  normal["normalized"] = true;
  CHECK(ids(with_token(normal), "a\u00E9"
                                "b") == Ids{kStartA, 10, kStartB});
}

TEST_CASE("the normalizer of transformers 4 is read from its parts") {
  const std::string map = encode_base64(make_character_map({{"\u200B", " "}, {"\n", " "}}));
  const Json steps = {{{"type", "Strip"}, {"strip_left", true}, {"strip_right", true}},
                      {{"type", "Precompiled"}, {"precompiled_charsmap", map}},
                      {{"type", "Replace"}, {"pattern", {{"Regex", " {2,}"}}}, {"content", " "}}};
  const Json json = with("/normalizer", {{"type", "Sequence"}, {"normalizers", steps}});
  CHECK(ids(json, " a\n\u200Bb\u200B") == Ids{kStartA, kStartB, kStart});
  Json lower = json;
  lower["normalizer"]["normalizers"].insert(lower["normalizer"]["normalizers"].begin(), Json{{"type", "Lowercase"}});
  CHECK(ids(lower, "A [SEP]B") == Ids{kStartA, kSep, kStartB});
}

TEST_CASE("no normalizer, or a single one, is taken as it is") {
  CHECK(ids(with("/normalizer", nullptr), "a\n") == Ids{kStartA, kUnk});
  CHECK(ids(with("/normalizer", {{"type", "NFC"}}), "a b") == Ids{kStartA, kStartB});
  CHECK(ids(with("/normalizer", {{"type", "NFKC"}}), "\uFF41") == Ids{kStartA});
}

TEST_CASE("Metaspace is read in both spellings") {
  const Json old = {
      {"type", "Metaspace"}, {"replacement", "\u2581"}, {"str_rep", "\u2581"}, {"add_prefix_space", true}};
  CHECK(ids(with("/pre_tokenizer", old), "a b") == Ids{kStartA, kStartB});
  Json never = {{"type", "Metaspace"}, {"replacement", "\u2581"}, {"prepend_scheme", "never"}, {"split", true}};
  CHECK(ids(with("/pre_tokenizer", never), "a b") == Ids{kA, kStartB});
  never["add_prefix_space"] = false;
  CHECK(ids(with("/pre_tokenizer", never), "a") == Ids{kA});
}

TEST_CASE("without split a piece may hold several words") {
  Json json = with("/pre_tokenizer/pretokenizers/0/split", false);
  json["model"]["vocab"].push_back({"\u2581"
                                    "a\u2581"
                                    "b",
                                    -0.5});
  json["added_tokens"][4]["id"] = 10;
  CHECK(ids(json, "a b") == Ids{9});
  json["pre_tokenizer"]["pretokenizers"][0]["split"] = true;
  CHECK(ids(json, "a b") == Ids{kStartA, kStartB});
}

TEST_CASE("punctuation that stands alone begins a word") {
  Json json = small_tokenizer_json();
  json["pre_tokenizer"]["pretokenizers"].insert(json["pre_tokenizer"]["pretokenizers"].begin(),
                                                Json{{"type", "Punctuation"}, {"behavior", "Isolated"}});
  CHECK(ids(json, "a,b") == Ids{kStartA, kStart, kUnk, kStartB});
  CHECK(ids(json, "a, b") == Ids{kStartA, kStart, kUnk, kStartB});
  CHECK(ids(json, "a") == Ids{kStartA});
}

TEST_CASE("what is not understood is refused by name") {
  check_refused(with("/model/type", "BPE"), "$.model.type: is BPE");
  check_refused(with("/model/byte_fallback", true), "$.model.byte_fallback");
  check_refused(with("/model/alpha", 0.1), "\"alpha\"");
  check_refused(with("/normalizer/normalizers/1/type", "BertNormalizer"), "the normalizer BertNormalizer");
  check_refused(with("/normalizer/normalizers/0/pattern/Regex", "x+"), "the regular expression x+");
  check_refused(with("/pre_tokenizer/pretokenizers/0/type", "ByteLevel"), "the pre-tokenizer ByteLevel");
  check_refused(with("/pre_tokenizer/pretokenizers/0/prepend_scheme", "first"), "prepend_scheme: is first");
  check_refused(with("/pre_tokenizer/pretokenizers/0/replacement", "_"), "replacement");
  check_refused(with("/pre_tokenizer/pretokenizers/0/add_prefix_space", false), "add_prefix_space");
  check_refused(with("/pre_tokenizer", nullptr), "no pre-tokenizer Metaspace");
  check_refused(with("/pre_tokenizer", {{"type", "Punctuation"}, {"behavior", "Removed"}}), "is Removed");
  check_refused(with("/post_processor", nullptr), "no post-processor");
  check_refused(with("/post_processor/type", "RobertaProcessing"), "the post-processor RobertaProcessing");
  check_refused(with("/post_processor/pair/3/Sequence/type_id", 0), "B:0 [SEP]:1");
  check_refused(with("/post_processor/special_tokens/[SEP]/ids", {1}), "is not the id of [SEP]");
  check_refused(with("/version", "2.0"), "$.version");
  check_refused(with("/other", 1), "\"other\"");
}

TEST_CASE("what contradicts itself is refused") {
  check_refused(with("/model/unk_id", nullptr), "unk_id");
  check_refused(with("/model/unk_id", 9), "unk_id");
  check_refused(with("/model/unk_id", 4), "is not [UNK]");
  check_refused(with("/model/vocab", Json::array()), "no pieces");
  check_refused(with("/model/vocab/5", {"a", -1}), "occurs before");
  check_refused(with("/model/vocab/5", {"", -1}), "$.model.vocab[5][0]");
  check_refused(with("/model/vocab/5", {"x", "y"}), "$.model.vocab[5][1]");
  check_refused(with("/model/vocab/5", {"x"}), "$.model.vocab[5]");
  check_refused(with("/model/vocab/0/0", "other"), "gets id 9");
  check_refused(with("/added_tokens/4/id", 11), "gets id 9");
  check_refused(with("/added_tokens/4/content", "[CLS]"), "occurs before");
  check_refused(with("/added_tokens/4/content", ""), "is empty");
  check_refused(with("/normalizer", {{"type", "Precompiled"}, {"precompiled_charsmap", "AAA"}}), "base64");
  check_refused(with("/normalizer", {{"type", "Precompiled"}, {"precompiled_charsmap", "AAAA"}}), "cut off");
  check_refused(Json::array(), "is not a tokenizer");
  check_refused(Json{{"hidden_size", 16}}, "is not a tokenizer");
}

TEST_CASE("a token that the normalizer reduces to nothing is refused") {
  Json line = token(10, "\n");
  line["normalized"] = true;
  check_refused(with_token(line), R"(the added token "\n" (10))");
}

TEST_CASE("a damaged file is refused") {
  const std::string text = small_tokenizer_json().dump();
  for (std::size_t length = 1; length < text.size(); length += 97)
    CHECK_THROWS_AS(Tokenizer::from_bytes(text.substr(0, length), "tokenizer.json"), InputError);
}

TEST_CASE("truncation and padding are named as unused") {
  Json json = with("/truncation", {{"max_length", 5}});
  CHECK(parse_tokenizer_json(json.dump(), "tokenizer.json").unused == std::vector<std::string>{"truncation"});
  CHECK(ids(json, "a a a a a a a").size() == 7);
  CHECK(parse_tokenizer_json(small_tokenizer_json().dump(), "tokenizer.json").unused.empty());
}

TEST_CASE("a definition that was written is read as the same") {
  Json json = with_token(token(10, "\n"));
  json["pre_tokenizer"]["pretokenizers"].insert(json["pre_tokenizer"]["pretokenizers"].begin(),
                                                Json{{"type", "Punctuation"}});
  const TokenizerDefinition definition = parse_tokenizer_json(json.dump(), "tokenizer.json");
  const std::string text = write_tokenizer_json(definition);
  CHECK(difference(parse_tokenizer_json(text, "tokenizer.json"), definition).empty());
  CHECK(parse_tokenizer_json(text, "tokenizer.json").added_tokens == definition.added_tokens);

  auto model = small_model({{"\u2581", -4}, {"a", -2.1F}});
  model.mutable_normalizer_spec()->set_precompiled_charsmap(make_character_map({{"\u00BD", "1/2"}}));
  const TokenizerDefinition of_model = parse_tokenizer(model.SerializeAsString(), "spm.model");
  const TokenizerDefinition again = parse_tokenizer(write_tokenizer_json(of_model), "tokenizer.json");
  CHECK(difference(again, of_model).empty());
  CHECK(again.pieces[5].score == of_model.pieces[5].score); // to the last bit
}

TEST_CASE("definitions differ by what changes ids") {
  const TokenizerDefinition one = parse_tokenizer_json(small_tokenizer_json().dump(), "tokenizer.json");
  const auto differs = [&](const Json& json) {
    return difference(one, parse_tokenizer_json(json.dump(), "tokenizer.json"));
  };
  CHECK(differs(small_tokenizer_json()).empty());
  CHECK(differs(with("/normalizer", nullptr)) == "the normalizer");
  CHECK(differs(with("/pre_tokenizer/pretokenizers/0/split", false)) == "the pre-tokenizer");
  CHECK(differs(with_token(token(10, "x"))) == "the added tokens");
  CHECK(differs(with("/model/vocab/5/1", -1.5)) == "piece 5");
}

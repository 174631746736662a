#include "tokenizer/tokenizer_json_writer.hpp"

#include "support/text/json.hpp"
#include "tokenizer/base64.hpp"

namespace sciexam::inline tokenizer {
namespace {

Json step_json(const Strip& step) {
  return {{"type", "Strip"}, {"strip_left", step.left}, {"strip_right", step.right}};
}
Json step_json(const Replace& step) {
  return {{"type", "Replace"},
          {"pattern", {{step.is_expression ? "Regex" : "String", step.pattern}}},
          {"content", step.content}};
}
Json step_json(const Compose& step) {
  return {{"type", step.compatibility ? "NFKC" : "NFC"}};
}
Json step_json(const LowerCase&) {
  return {{"type", "Lowercase"}};
}
Json step_json(const CharacterMap& map) {
  return {{"type", "Precompiled"}, {"precompiled_charsmap", encode_base64(map.bytes())}};
}

Json normalizer_json(const std::vector<NormalizerStep>& steps) {
  Json parts = Json::array();
  for (const NormalizerStep& step : steps)
    parts.push_back(std::visit([](const auto& s) { return step_json(s); }, step));
  return {{"type", "Sequence"}, {"normalizers", std::move(parts)}};
}

Json metaspace_json(const PreTokenizer& pre_tokenizer) {
  return {{"type", "Metaspace"},
          {"replacement", kWordStart},
          {"prepend_scheme", pre_tokenizer.prepend ? "always" : "never"},
          {"split", pre_tokenizer.split}};
}

Json pre_tokenizer_json(const PreTokenizer& pre_tokenizer) {
  Json parts = Json::array();
  if (pre_tokenizer.split_punctuation)
    parts.push_back({{"type", "Punctuation"}, {"behavior", "Isolated"}});
  parts.push_back(metaspace_json(pre_tokenizer));
  return {{"type", "Sequence"}, {"pretokenizers", std::move(parts)}};
}

Json added_tokens_json(const std::vector<AddedToken>& tokens) {
  Json list = Json::array();
  for (const AddedToken& token : tokens)
    list.push_back({{"id", token.id},
                    {"content", token.content},
                    {"single_word", token.single_word},
                    {"lstrip", token.lstrip},
                    {"rstrip", token.rstrip},
                    {"normalized", token.normalized},
                    {"special", token.special}});
  return list;
}

Json post_processor_json(const TokenizerDefinition& definition) {
  const auto special = [](const char* token, int type) {
    return Json{{"SpecialToken", {{"id", token}, {"type_id", type}}}};
  };
  const auto text = [](const char* name, int type) { return Json{{"Sequence", {{"id", name}, {"type_id", type}}}}; };
  const Json single = Json::array({special("[CLS]", 0), text("A", 0), special("[SEP]", 0)});
  Json pair = single;
  pair.push_back(text("B", 1));
  pair.push_back(special("[SEP]", 1));
  Json tokens = Json::object();
  for (const char* token : {"[CLS]", "[SEP]"})
    tokens[token] = {
        {"id", token}, {"ids", Json::array({find_token(definition, token).value()})}, {"tokens", Json::array({token})}};
  return {{"type", "TemplateProcessing"}, {"single", single}, {"pair", pair}, {"special_tokens", tokens}};
}

} // namespace

std::string write_tokenizer_json(const TokenizerDefinition& definition) {
  Json vocabulary = Json::array();
  for (const Piece& piece : definition.pieces)
    vocabulary.push_back(Json::array({piece.text, piece.score}));
  Json decoder = metaspace_json(definition.pre_tokenizer);
  const Json document = {{"version", "1.0"},
                         {"truncation", nullptr},
                         {"padding", nullptr},
                         {"added_tokens", added_tokens_json(definition.added_tokens)},
                         {"normalizer", normalizer_json(definition.normalizer)},
                         {"pre_tokenizer", pre_tokenizer_json(definition.pre_tokenizer)},
                         {"post_processor", post_processor_json(definition)},
                         {"decoder", std::move(decoder)},
                         {"model",
                          {{"type", "Unigram"},
                           {"unk_id", definition.unknown_id},
                           {"vocab", std::move(vocabulary)},
                           {"byte_fallback", false}}}};
  return document.dump(1) + "\n";
}

} // namespace sciexam::inline tokenizer

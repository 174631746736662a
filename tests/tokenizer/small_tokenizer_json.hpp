// A small tokenizer.json, made in memory.
#pragma once

#include "support/text/json.hpp"

#include <utility>

namespace sciexam {

/// As transformers 5 saves DeBERTa's: [PAD] 0, [CLS] 1, [SEP] 2, [UNK] 3, "\u2581" 4, "\u2581a" 5, "a" 6, "\u2581b" 7,
/// "b" 8, and [MASK] 9.
inline Json small_tokenizer_json() {
  Json tokens = Json::array();
  const auto add = [&](int id, const char* content) {
    tokens.push_back({{"id", id},
                      {"content", content},
                      {"single_word", false},
                      {"lstrip", false},
                      {"rstrip", false},
                      {"normalized", false},
                      {"special", true}});
  };
  add(0, "[PAD]");
  add(1, "[CLS]");
  add(2, "[SEP]");
  add(3, "[UNK]");
  add(9, "[MASK]");
  Json json = Json::parse(R"({
    "version": "1.0", "truncation": null, "padding": null,
    "normalizer": {"type": "Sequence", "normalizers": [
      {"type": "Replace", "pattern": {"Regex": "\\s{2,}|[\\n\\r\\t]"}, "content": " "},
      {"type": "NFC"}, {"type": "Strip", "strip_left": false, "strip_right": true}]},
    "pre_tokenizer": {"type": "Sequence", "pretokenizers": [
      {"type": "Metaspace", "replacement": "\u2581", "prepend_scheme": "always", "split": true}]},
    "post_processor": {"type": "TemplateProcessing",
      "single": [{"SpecialToken": {"id": "[CLS]", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}},
                 {"SpecialToken": {"id": "[SEP]", "type_id": 0}}],
      "pair": [{"SpecialToken": {"id": "[CLS]", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}},
               {"SpecialToken": {"id": "[SEP]", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}},
               {"SpecialToken": {"id": "[SEP]", "type_id": 1}}],
      "special_tokens": {"[CLS]": {"id": "[CLS]", "ids": [1], "tokens": ["[CLS]"]},
                         "[SEP]": {"id": "[SEP]", "ids": [2], "tokens": ["[SEP]"]}}},
    "decoder": null,
    "model": {"type": "Unigram", "unk_id": 3, "byte_fallback": false,
      "vocab": [["[PAD]", 0.0], ["[CLS]", 0.0], ["[SEP]", 0.0], ["[UNK]", 0.0], ["\u2581", -4.0], ["\u2581a", -1.0],
                ["a", -2.0], ["\u2581b", -1.0], ["b", -2.0]]}})");
  json["added_tokens"] = std::move(tokens);
  return json;
}

} // namespace sciexam

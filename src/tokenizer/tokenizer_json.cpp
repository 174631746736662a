#include "tokenizer/tokenizer_json.hpp"

#include "support/errors.hpp"
#include "support/text/json.hpp"
#include "support/text/utf8.hpp"
#include "tokenizer/base64.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <unordered_map>
#include <unordered_set>

namespace sciexam::inline tokenizer {
namespace {

constexpr const char* kOtherFile = "Give the tokenizer.json or spm.model of a DeBERTa-v2 or -v3 checkpoint";
constexpr const char* kUnsupported =
    "Only the parts of DeBERTa's own tokenizers are supported; use a tokenizer made of them";

std::string type_of(const JsonView& part) {
  return part.at("type").string();
}

[[noreturn]] void refuse_type(const JsonView& part, const char* kind) {
  part.at("type").fail("is the " + std::string(kind) + " " + type_of(part) + ", which is not supported", kUnsupported);
}

/// An optional member, true or false.
bool flag(const JsonView& part, std::string_view name, bool otherwise) {
  return part.has(name) ? part.at(name).boolean() : otherwise;
}

Replace read_replace(const JsonView& part) {
  part.allow_only({"type", "pattern", "content"});
  const JsonView pattern = part.at("pattern");
  Replace replace{.content = part.at("content").string()};
  replace.is_expression = pattern.has("Regex");
  replace.pattern = pattern.at(replace.is_expression ? "Regex" : "String").string();
  if (replace.pattern.empty())
    pattern.fail("is empty", kOtherFile);
  constexpr std::size_t kMostBytes = 4; // no chain of steps may let a text grow without end
  if (replace.content.size() > (replace.is_expression ? kMostBytes : replace.pattern.size()))
    part.at("content").fail("is longer than what it replaces, which is not supported", kUnsupported);
  if (replace.is_expression && !is_known_expression(replace.pattern))
    pattern.fail("is the regular expression " + replace.pattern + ", which is not supported", kUnsupported);
  return replace;
}

CharacterMap read_character_map(const JsonView& part, const std::filesystem::path& file) {
  part.allow_only({"type", "precompiled_charsmap"});
  const JsonView map = part.at("precompiled_charsmap");
  const std::optional<std::string> bytes = decode_base64(map.string());
  if (!bytes || bytes->empty())
    map.fail("is not a character map in base64", "The file is damaged: get it from its source again");
  return CharacterMap(*bytes, file);
}

bool is_character_map(const NormalizerStep& step) {
  return std::holds_alternative<CharacterMap>(step);
}

void read_normalizer(const JsonView& part, const std::filesystem::path& file, std::vector<NormalizerStep>& steps) {
  const std::string type = type_of(part);
  if (type == "Sequence") {
    part.allow_only({"type", "normalizers"});
    const JsonView parts = part.at("normalizers");
    for (std::size_t i = 0; i < parts.size(); ++i)
      read_normalizer(parts.at(i), file, steps);
  } else if (type == "Strip") {
    part.allow_only({"type", "strip_left", "strip_right"});
    steps.emplace_back(Strip{part.at("strip_left").boolean(), part.at("strip_right").boolean()});
  } else if (type == "NFC" || type == "NFKC") {
    part.allow_only({"type"});
    steps.emplace_back(Compose{.compatibility = type == "NFKC"});
  } else if (type == "Lowercase") {
    part.allow_only({"type"});
    steps.emplace_back(LowerCase{});
  } else if (type == "Replace") {
    steps.emplace_back(read_replace(part));
  } else if (type == "Precompiled") {
    if (std::ranges::any_of(steps, is_character_map))
      part.fail("is a second character map", kOtherFile);
    steps.emplace_back(read_character_map(part, file));
  } else {
    refuse_type(part, "normalizer");
  }
}

/// Both spellings: "prepend_scheme", and "add_prefix_space" from before tokenizers 0.15.
void read_metaspace(const JsonView& part, PreTokenizer& result) {
  part.allow_only({"type", "replacement", "str_rep", "add_prefix_space", "prepend_scheme", "split"});
  if (part.at("replacement").string() != kWordStart)
    part.at("replacement").fail("is not U+2581", kUnsupported);
  const std::string scheme = part.has("prepend_scheme") ? part.at("prepend_scheme").string() : "always";
  if (scheme != "always" && scheme != "never") // "first" depends on places in the raw text, which are not tracked
    part.at("prepend_scheme").fail("is " + scheme + ", which is not supported (always and never are)", kUnsupported);
  result.prepend = scheme == "always";
  if (!flag(part, "add_prefix_space", true) && result.prepend)
    part.at("add_prefix_space").fail("is false, but the prepend_scheme is always", kOtherFile);
  result.split = flag(part, "split", true);
}

/// `metaspace` becomes true with the part of that type, which no part may follow.
void read_pre_tokenizer(const JsonView& part, PreTokenizer& result, bool& metaspace) {
  const std::string type = type_of(part);
  if (type == "Sequence") {
    part.allow_only({"type", "pretokenizers"});
    const JsonView parts = part.at("pretokenizers");
    for (std::size_t i = 0; i < parts.size(); ++i)
      read_pre_tokenizer(parts.at(i), result, metaspace);
    return;
  }
  if (metaspace)
    part.fail("follows a Metaspace, which is not supported", kUnsupported);
  if (type == "Metaspace") {
    metaspace = true;
    read_metaspace(part, result);
  } else if (type == "Punctuation") {
    part.allow_only({"type", "behavior"});
    if (part.has("behavior") && part.at("behavior").string() != "Isolated")
      part.at("behavior")
          .fail("is " + part.at("behavior").string() + ", which is not supported (Isolated is)", kUnsupported);
    result.split_punctuation = true;
  } else {
    refuse_type(part, "pre-tokenizer");
  }
}

/// "[CLS]:0 A:0 [SEP]:0".
std::string template_text(const JsonView& parts) {
  std::string text;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const JsonView part = parts.at(i);
    part.allow_only({"SpecialToken", "Sequence"});
    const JsonView inner = part.at(part.has("SpecialToken") ? "SpecialToken" : "Sequence");
    text += (i == 0 ? "" : " ") + inner.at("id").string() + ":" +
            std::to_string(inner.at("type_id").integer(0, std::numeric_limits<std::int32_t>::max()));
  }
  return text;
}

void check_post_processor(const JsonView& part, const TokenizerDefinition& definition) {
  if (type_of(part) != "TemplateProcessing")
    refuse_type(part, "post-processor");
  for (const auto& [name, expected] :
       {std::pair{"single", "[CLS]:0 A:0 [SEP]:0"}, std::pair{"pair", "[CLS]:0 A:0 [SEP]:0 B:1 [SEP]:1"}})
    if (const std::string found = template_text(part.at(name)); found != expected)
      part.at(name).fail("is " + found + ", but DeBERTa's texts are " + expected, kUnsupported);
  for (const char* token : {"[CLS]", "[SEP]"}) {
    const JsonView ids = part.at("special_tokens").at(token).at("ids");
    const std::int64_t id = find_token(definition, token).value_or(-1);
    if (ids.size() != 1 || ids.at(0).integer(0, std::numeric_limits<std::int32_t>::max()) != id)
      ids.fail("is not the id of " + std::string(token) + ", " + std::to_string(id), kOtherFile);
  }
}

void check_json_piece(const JsonView& vocabulary, std::size_t id) {
  const Json& pair = vocabulary.json()[id];
  if (!pair.is_array() || pair.size() != 2)
    vocabulary.at(id).fail("is not a piece and its score", kOtherFile);
  if (!pair[0].is_string() || pair[0].get_ref<const std::string&>().empty())
    vocabulary.at(id).at(0).fail("is not a piece's text", kOtherFile);
  if (!pair[1].is_number() || !std::isfinite(pair[1].get<double>()))
    vocabulary.at(id).at(1).fail("is not a finite score", kOtherFile);
}

void read_pieces(const JsonView& vocabulary, TokenizerDefinition& definition) {
  const std::size_t count = vocabulary.size(); // refuses what is not an array
  if (count == 0 || count > static_cast<std::size_t>(std::numeric_limits<std::int32_t>::max()))
    vocabulary.fail("has no pieces", kOtherFile);
  definition.pieces.reserve(count);
  std::unordered_set<std::string_view> seen;
  seen.reserve(count);
  for (std::size_t id = 0; id < count; ++id) {
    check_json_piece(vocabulary, id);
    const Json& pair = vocabulary.json()[id];
    const auto& text = pair[0].get_ref<const std::string&>();
    if (!seen.insert(text).second)
      vocabulary.at(id).fail("is the piece " + text + ", which occurs before", kOtherFile);
    definition.pieces.push_back({.text = text, .score = pair[1].get<double>()});
  }
}

void read_model(const JsonView& model, TokenizerDefinition& definition) {
  if (model.has("type") && type_of(model) != "Unigram")
    model.at("type").fail("is " + type_of(model) + ", but DeBERTa-v2's and -v3's tokenizers are Unigram", kOtherFile);
  model.allow_only({"type", "unk_id", "vocab", "byte_fallback"});
  if (flag(model, "byte_fallback", false))
    model.at("byte_fallback").fail("is true, which is not supported", kUnsupported);
  read_pieces(model.at("vocab"), definition);
  definition.unknown_id =
      static_cast<std::int32_t>(model.at("unk_id").integer(0, static_cast<std::int64_t>(definition.pieces.size()) - 1));
}

AddedToken read_added_token(const JsonView& part) {
  part.allow_only({"id", "content", "single_word", "lstrip", "rstrip", "normalized", "special"});
  AddedToken token{
      .id = static_cast<std::int32_t>(part.at("id").integer(0, std::numeric_limits<std::int32_t>::max() - 1)),
      .content = part.at("content").string(),
      .single_word = part.at("single_word").boolean(),
      .lstrip = part.at("lstrip").boolean(),
      .rstrip = part.at("rstrip").boolean(),
      .normalized = part.at("normalized").boolean(),
      .special = part.at("special").boolean()};
  if (token.content.empty())
    part.at("content").fail("is empty", kOtherFile);
  return token;
}

/// The library ignores "id" and counts itself: a token gets the id of the piece of its text, else the next after all.
void read_added_tokens(const JsonView& parts, TokenizerDefinition& definition) {
  std::unordered_map<std::string_view, std::size_t> pieces;
  for (std::size_t id = 0; id < definition.pieces.size(); ++id)
    pieces.emplace(definition.pieces[id].text, id);
  std::unordered_set<std::string> seen;
  std::size_t next = definition.pieces.size();
  for (std::size_t i = 0; i < parts.size(); ++i) {
    AddedToken token = read_added_token(parts.at(i));
    if (!seen.insert(token.content).second)
      parts.at(i).fail("is the token " + token.content + ", which occurs before", kOtherFile);
    const auto piece = pieces.find(token.content);
    const std::size_t id = piece != pieces.end() ? piece->second : next++;
    if (static_cast<std::size_t>(token.id) != id)
      parts.at(i).at("id").fail(
          "is " + std::to_string(token.id) + ", but " + token.content + " gets id " + std::to_string(id), kOtherFile);
    definition.added_tokens.push_back(std::move(token));
  }
}

} // namespace

TokenizerDefinition parse_tokenizer_json(std::string_view bytes, const std::filesystem::path& file) {
  const JsonDocument document(bytes, file);
  const JsonView root = document.root();
  if (!root.json().is_object() || !root.has("model") || !root.at("model").json().is_object())
    root.fail("is not a tokenizer of the tokenizers library", kOtherFile);
  TokenizerDefinition definition;
  read_model(root.at("model"), definition);
  root.allow_only({"version", "truncation", "padding", "added_tokens", "normalizer", "pre_tokenizer", "post_processor",
                   "decoder", "model"});
  if (root.at("version").string() != "1.0")
    root.at("version").fail("is " + root.at("version").string() + ", but only 1.0 is supported", kOtherFile);
  if (root.has("normalizer"))
    read_normalizer(root.at("normalizer"), file, definition.normalizer);
  bool metaspace = false;
  if (root.has("pre_tokenizer"))
    read_pre_tokenizer(root.at("pre_tokenizer"), definition.pre_tokenizer, metaspace);
  if (!metaspace)
    root.fail("has no pre-tokenizer Metaspace", kUnsupported);
  if (root.has("added_tokens"))
    read_added_tokens(root.at("added_tokens"), definition);
  if (!root.has("post_processor"))
    root.fail("has no post-processor", kUnsupported);
  check_post_processor(root.at("post_processor"), definition);
  for (const char* name : {"truncation", "padding"})
    if (root.has(name))
      definition.unused.emplace_back(name);
  return definition;
}

} // namespace sciexam::inline tokenizer

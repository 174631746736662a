#include "tokenizer/tokenizer_settings.hpp"

#include "support/errors.hpp"
#include "support/text/json.hpp"

#include <algorithm>
#include <array>
#include <limits>

namespace sciexam::inline tokenizer {
namespace {

constexpr const char* kSaveAgain =
    "Save the tokenizer of the training again with save_pretrained(), or remove the file "
    "if it is not the model's";
constexpr std::int32_t kMostTokenId = 1 << 30;

/// Settings that do not affect which ids a text gets, or are read by name below.
constexpr std::array kKnownSettings = {std::string_view("add_prefix_space"),
                                       std::string_view("added_tokens_decoder"),
                                       std::string_view("additional_special_tokens"),
                                       std::string_view("auto_map"),
                                       std::string_view("backend"),
                                       std::string_view("bos_token"),
                                       std::string_view("clean_up_tokenization_spaces"),
                                       std::string_view("cls_token"),
                                       std::string_view("do_lower_case"),
                                       std::string_view("eos_token"),
                                       std::string_view("extra_special_tokens"),
                                       std::string_view("is_local"),
                                       std::string_view("local_files_only"),
                                       std::string_view("mask_token"),
                                       std::string_view("model_input_names"),
                                       std::string_view("model_max_length"),
                                       std::string_view("name_or_path"),
                                       std::string_view("pad_token"),
                                       std::string_view("padding_side"),
                                       std::string_view("processor_class"),
                                       std::string_view("sep_token"),
                                       std::string_view("special_tokens_map_file"),
                                       std::string_view("split_by_punct"),
                                       std::string_view("split_special_tokens"),
                                       std::string_view("tokenizer_class"),
                                       std::string_view("tokenizer_file"),
                                       std::string_view("transformers_version"),
                                       std::string_view("unk_id"),
                                       std::string_view("unk_token"),
                                       std::string_view("vocab_file"),
                                       std::string_view("vocab_type")};

/// The roles whose token is fixed; the others ("bos_token") only name one.
constexpr std::pair<std::string_view, std::string_view> kRoles[] = {{"cls_token", "[CLS]"},
                                                                    {"sep_token", "[SEP]"},
                                                                    {"pad_token", "[PAD]"},
                                                                    {"unk_token", "[UNK]"},
                                                                    {"mask_token", "[MASK]"}};

bool is_set(const JsonView& root, std::string_view name) {
  return root.has(name) && root.at(name).boolean();
}

/// A token is written as its text, or as an object with its flags.
std::string token_text(const JsonView& token) {
  return token.json().is_object() ? token.at("content").string() : token.string();
}

void read_names(const JsonView& list, const std::string& place, TokenizerSettings& settings) {
  if (list.json().is_object()) { // by role
    for (const auto& [role, token] : list.members())
      settings.names.emplace_back(token_text(token), place);
    return;
  }
  for (std::size_t i = 0; i < list.size(); ++i)
    settings.names.emplace_back(token_text(list.at(i)), place);
}

/// The special tokens of tokenizer_config.json or special_tokens_map.json.
void read_special_tokens(const JsonView& root, const std::string& file, TokenizerSettings& settings) {
  for (const auto& [role, expected] : kRoles)
    if (root.has(role))
      if (const std::string text = token_text(root.at(role)); text != expected)
        root.at(role).fail("is " + text + ", but DeBERTa's is " + std::string(expected), kSaveAgain);
  for (const char* role : {"bos_token", "eos_token"})
    if (root.has(role))
      settings.names.emplace_back(token_text(root.at(role)), file);
  for (const char* list : {"additional_special_tokens", "extra_special_tokens"})
    if (root.has(list))
      read_names(root.at(list), file, settings);
}

AddedToken read_token(const JsonView& part, std::int32_t id) {
  const auto flag_of = [&](std::string_view name) { return is_set(part, name); };
  AddedToken token{.id = id,
                   .content = part.at("content").string(),
                   .single_word = flag_of("single_word"),
                   .lstrip = flag_of("lstrip"),
                   .rstrip = flag_of("rstrip"),
                   .normalized = flag_of("normalized"),
                   .special = flag_of("special")};
  if (token.content.empty())
    part.at("content").fail("is empty", kSaveAgain);
  return token;
}

std::int32_t read_decoder_id(const JsonView& decoder, const std::string& key) {
  const bool digits =
      !key.empty() && key.size() <= 9 && std::ranges::all_of(key, [](char c) { return c >= '0' && c <= '9'; });
  if (!digits)
    decoder.fail("has the key \"" + key + "\", which is not an id", kSaveAgain);
  return static_cast<std::int32_t>(std::stol(key));
}

void read_config(const std::filesystem::path& file, TokenizerSettings& settings) {
  const JsonDocument document = JsonDocument::from_file(file);
  const JsonView root = document.root();
  for (const auto& [name, value] : root.members()) {
    const bool is_empty = value.json().is_null() || value.json().empty();
    if (std::ranges::find(kKnownSettings, std::string_view(name)) == kKnownSettings.end() && !is_empty)
      settings.unused.push_back(name);
  }
  if (root.has("do_lower_case"))
    settings.lower_case = root.at("do_lower_case").boolean();
  if (root.has("split_by_punct"))
    settings.split_punctuation = root.at("split_by_punct").boolean();
  if (root.has("backend")) {
    if (root.at("backend").string() != "tokenizers")
      root.at("backend").fail("is " + root.at("backend").string() + ", which is not supported", kSaveAgain);
    settings.tokenizers_backend = true;
  }
  if (is_set(root, "split_special_tokens"))
    root.at("split_special_tokens").fail("is true, which is not supported", kSaveAgain);
  if (root.has("add_prefix_space") && !root.at("add_prefix_space").boolean())
    root.at("add_prefix_space").fail("is false, which is not supported", kSaveAgain);
  read_special_tokens(root, file.filename().string(), settings);
  if (root.has("added_tokens_decoder")) {
    const JsonView decoder = root.at("added_tokens_decoder");
    for (const auto& [id, token] : decoder.members())
      settings.tokens.push_back(read_token(token, read_decoder_id(decoder, id)));
  }
}

/// {"[CTX]": 128001}. Where tokenizer_config.json says more, that counts, as in transformers.
void read_added_tokens_file(const std::filesystem::path& file, TokenizerSettings& settings) {
  const JsonDocument document = JsonDocument::from_file(file);
  const bool alone = settings.tokens.empty();
  for (const auto& [text, id] : document.root().members()) {
    const auto is_named = [&, content = &text](const auto& name) { return name.first == *content; };
    const bool special = text == "[MASK]" || std::ranges::any_of(settings.names, is_named);
    AddedToken token{.id = static_cast<std::int32_t>(id.integer(0, kMostTokenId)),
                     .content = text,
                     .normalized = !special,
                     .special = special};
    const auto known = std::ranges::find(settings.tokens, text, &AddedToken::content);
    if (alone)
      settings.tokens.push_back(std::move(token));
    else if (known == settings.tokens.end() || known->id != token.id)
      id.fail("contradicts tokenizer_config.json", kSaveAgain);
  }
}

std::string token_name(const AddedToken& token) {
  return Json(token.content).dump() + " (" + std::to_string(token.id) + ")";
}

[[noreturn]] void refuse_settings(const TokenizerSettings& settings, const std::string& file,
                                  const std::string& problem) {
  throw InputError({settings.folder / file}, problem, kSaveAgain);
}

bool same_place(const AddedToken& one, const AddedToken& other) {
  return one.id == other.id && one.single_word == other.single_word && one.lstrip == other.lstrip &&
         one.rstrip == other.rstrip;
}

void require_names(const TokenizerDefinition& definition, const TokenizerSettings& settings) {
  for (const auto& [name, place] : settings.names)
    if (!find_token(definition, name))
      refuse_settings(settings, place,
                      "names the special token " + Json(name).dump() +
                          ", which is not in the vocabulary and has no id");
}

bool has_lower_case(const TokenizerDefinition& definition) {
  return std::ranges::any_of(definition.normalizer,
                             [](const NormalizerStep& step) { return std::holds_alternative<LowerCase>(step); });
}

} // namespace

TokenizerSettings read_tokenizer_settings(const std::filesystem::path& folder) {
  TokenizerSettings settings;
  settings.folder = folder;
  if (std::filesystem::exists(folder / "tokenizer_config.json"))
    read_config(folder / "tokenizer_config.json", settings);
  if (const auto file = folder / "special_tokens_map.json"; std::filesystem::exists(file)) {
    const JsonDocument document = JsonDocument::from_file(file);
    read_special_tokens(document.root(), file.filename().string(), settings);
  }
  if (std::filesystem::exists(folder / "added_tokens.json"))
    read_added_tokens_file(folder / "added_tokens.json", settings);
  std::ranges::sort(settings.tokens, {}, &AddedToken::id);
  return settings;
}

// Of a token that the converter has added already, transformers takes over only the flags that concern its
// surroundings (see added_vocabulary.rs, refresh_added_tokens).
TokenizerDefinition with_settings(TokenizerDefinition definition, const TokenizerSettings& settings) {
  for (const AddedToken& token : settings.tokens) {
    const auto known = std::ranges::find(definition.added_tokens, token.content, &AddedToken::content);
    if (known != definition.added_tokens.end()) {
      if (!same_place(*known, token))
        refuse_settings(settings, "tokenizer_config.json",
                        "describes the token " + token_name(token) + " differently from the vocabulary");
      continue;
    }
    std::int32_t next = static_cast<std::int32_t>(definition.pieces.size());
    for (const AddedToken& added : definition.added_tokens)
      next = std::max(next, added.id + 1);
    const std::int32_t expected = find_token(definition, token.content).value_or(next);
    if (token.id != expected)
      refuse_settings(settings, "tokenizer_config.json",
                      "names the token " + token_name(token) + ", which gets id " + std::to_string(expected));
    definition.added_tokens.push_back(token);
  }
  require_names(definition, settings);
  if (settings.lower_case.value_or(false))
    definition.normalizer.insert(definition.normalizer.begin(), LowerCase{});
  definition.pre_tokenizer.split_punctuation = settings.split_punctuation.value_or(false);
  return definition;
}

void require_agreement(const TokenizerDefinition& definition, const TokenizerSettings& settings,
                       const std::filesystem::path& file) {
  for (const AddedToken& token : settings.tokens) {
    const auto known = std::ranges::find(definition.added_tokens, token.content, &AddedToken::content);
    if (known == definition.added_tokens.end() || !same_place(*known, token))
      refuse_settings(settings, "tokenizer_config.json",
                      "has the token " + token_name(token) + ", which " + file.filename().string() +
                          " does not have with that id and those flags");
  }
  require_names(definition, settings);
  if (settings.lower_case && *settings.lower_case != has_lower_case(definition))
    refuse_settings(settings, "tokenizer_config.json",
                    std::string("do_lower_case is ") + (*settings.lower_case ? "true" : "false") +
                        ", which the normalizer of " + file.filename().string() + " contradicts");
  if (settings.split_punctuation && *settings.split_punctuation != definition.pre_tokenizer.split_punctuation)
    refuse_settings(settings, "tokenizer_config.json",
                    std::string("split_by_punct is ") + (*settings.split_punctuation ? "true" : "false") +
                        ", which the pre-tokenizer of " + file.filename().string() + " contradicts");
}

} // namespace sciexam::inline tokenizer

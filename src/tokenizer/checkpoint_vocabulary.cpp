#include "tokenizer/checkpoint_vocabulary.hpp"

#include "support/errors.hpp"
#include "support/files/files.hpp"
#include "support/text/json.hpp"
#include "tokenizer/parse_tokenizer.hpp"
#include "tokenizer/tokenizer_definition.hpp"
#include "tokenizer/tokenizer_json.hpp"
#include "tokenizer/tokenizer_json_writer.hpp"
#include "tokenizer/tokenizer_settings.hpp"

#include <algorithm>

namespace sciexam::inline tokenizer {
namespace {

namespace fs = std::filesystem;

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names)
    text += (text.empty() ? "" : ", ") + name;
  return text;
}

void note_unused(const TokenizerSettings& settings, const std::vector<std::string>& of_file, Vocabulary& vocabulary) {
  if (!of_file.empty())
    vocabulary.notes.push_back(vocabulary.source.string() + ": these settings have no effect here: " + joined(of_file));
  if (!settings.unused.empty())
    vocabulary.notes.push_back((settings.folder / "tokenizer_config.json").string() +
                               ": these settings have no effect here: " + joined(settings.unused));
}

Vocabulary from_json(const fs::path& file, std::string bytes, const TokenizerSettings& settings) {
  const TokenizerDefinition definition = parse_tokenizer(bytes, file);
  require_agreement(definition, settings, file);
  Vocabulary vocabulary{kTokenizerJsonName, std::move(bytes), file};
  note_unused(settings, definition.unused, vocabulary);
  return vocabulary;
}

/// What the settings beside a SentencePiece model change: `added token "[CTX]" (128001), do_lower_case`.
std::string changes(const TokenizerDefinition& plain, const TokenizerDefinition& full) {
  std::vector<std::string> names;
  for (std::size_t i = plain.added_tokens.size(); i < full.added_tokens.size(); ++i)
    names.push_back("added token " + Json(full.added_tokens[i].content).dump() + " (" +
                    std::to_string(full.added_tokens[i].id) + ")");
  if (full.normalizer != plain.normalizer)
    names.emplace_back("do_lower_case");
  if (full.pre_tokenizer != plain.pre_tokenizer)
    names.emplace_back("split_by_punct");
  return joined(names);
}

Vocabulary from_sentencepiece(const fs::path& file, std::string bytes, const TokenizerSettings& settings) {
  if (settings.tokenizers_backend)
    throw InputError({settings.folder / "tokenizer_config.json"},
                     "says that transformers 5 saved this tokenizer, whose normalizer is not that of " + file.string() +
                         ": the model was trained with other ids",
                     "Give the tokenizer.json that was saved with it");
  const TokenizerDefinition plain = parse_tokenizer(bytes, file);
  const TokenizerDefinition full = with_settings(plain, settings);
  Vocabulary vocabulary{kSentencePieceName, std::move(bytes), file};
  if (!difference(plain, full).empty()) {
    vocabulary.name = kTokenizerJsonName;
    vocabulary.bytes = write_tokenizer_json(full);
    vocabulary.notes.push_back(
        file.string() +
        ": kept as a tokenizer.json, with the settings of the files beside it: " + changes(plain, full));
  }
  note_unused(settings, {}, vocabulary);
  return vocabulary;
}

Vocabulary with_settings_beside(const fs::path& file, const TokenizerSettings& settings) {
  std::string bytes = read_text_file(file);
  return is_tokenizer_json(bytes, file) ? from_json(file, std::move(bytes), settings)
                                        : from_sentencepiece(file, std::move(bytes), settings);
}

} // namespace

bool has_vocabulary(const fs::path& folder) {
  return fs::exists(folder / kTokenizerJsonName) || fs::exists(folder / kSentencePieceName);
}

Vocabulary read_checkpoint_vocabulary(const fs::path& folder) {
  const fs::path json = folder / kTokenizerJsonName, model = folder / kSentencePieceName;
  if (!has_vocabulary(folder))
    throw UsageError(folder.string() + ": has neither tokenizer.json nor spm.model. Copy there the one that its model "
                                       "was trained with, or name it with --tokenizer");
  const TokenizerSettings settings = read_tokenizer_settings(folder);
  if (!fs::exists(json))
    return with_settings_beside(model, settings);
  Vocabulary vocabulary = with_settings_beside(json, settings);
  if (!fs::exists(model))
    return vocabulary;
  std::string bytes = read_text_file(model);
  const std::string other = difference(parse_tokenizer(bytes, model), parse_tokenizer(vocabulary.bytes, json));
  if (other.empty()) {
    vocabulary.name = kSentencePieceName;
    vocabulary.bytes = std::move(bytes);
    vocabulary.source = model;
  } else {
    vocabulary.notes.push_back(
        json.string() + ": used instead of the spm.model beside it, as transformers does; they differ in " + other);
  }
  return vocabulary;
}

Vocabulary read_vocabulary(const fs::path& file) {
  Vocabulary vocabulary = with_settings_beside(file, read_tokenizer_settings(file.parent_path()));
  const fs::path json = file.parent_path() / kTokenizerJsonName;
  if (file.filename() != kSentencePieceName || !fs::exists(json))
    return vocabulary;
  const std::string other =
      difference(parse_tokenizer(vocabulary.bytes, vocabulary.source), parse_tokenizer(read_text_file(json), json));
  if (!other.empty())
    vocabulary.notes.push_back(json.string() +
                               ": not used, because the spm.model beside it was named; they differ in " + other);
  return vocabulary;
}

void require_trained_with(const Vocabulary& vocabulary, const fs::path& folder) {
  Vocabulary own;
  if (has_vocabulary(folder))
    own = read_checkpoint_vocabulary(folder);
  else // settings may lie there alone; they are for the vocabulary that was named
    own = with_settings_beside(vocabulary.source, read_tokenizer_settings(folder));
  if (own.bytes == vocabulary.bytes)
    return;
  const std::string other =
      difference(parse_tokenizer(own.bytes, own.source), parse_tokenizer(vocabulary.bytes, vocabulary.source));
  if (!other.empty())
    throw UsageError(vocabulary.source.string() + ": differs from the tokenizer in " + folder.string() + " in " +
                     other +
                     ". Give the vocabulary that the model was trained with (without --tokenizer it is taken from the "
                     "model's folder); models with different tokenizers cannot share a package");
}

Vocabulary common_vocabulary(const fs::path& given, std::span<const fs::path> folders) {
  Vocabulary vocabulary;
  if (given.empty()) {
    const auto first = std::ranges::find_if(folders, has_vocabulary);
    vocabulary = read_checkpoint_vocabulary(first == folders.end() ? folders.front() : *first);
  } else {
    vocabulary = read_vocabulary(given);
  }
  for (const fs::path& folder : folders)
    require_trained_with(vocabulary, folder);
  return vocabulary;
}

} // namespace sciexam::inline tokenizer

#include "tokenizer/tokenizer.hpp"

#include "support/files/files.hpp"
#include "support/text/counted.hpp"
#include "support/text/json.hpp"
#include "support/text/utf8.hpp"
#include "tokenizer/code_points.hpp"
#include "tokenizer/parse_tokenizer.hpp"

#include <algorithm>
#include <string>

namespace sciexam::inline tokenizer {
namespace {

std::int32_t need_token(const TokenizerDefinition& definition, std::string_view text,
                        const std::filesystem::path& file) {
  if (const auto id = find_token(definition, text))
    return *id;
  throw InputError({.file = file}, "the vocabulary has no token " + std::string(text),
                   "Give the tokenizer.json or spm.model of a DeBERTa-v2 or -v3 checkpoint");
}

/// The tokens that are found in the normalized text, or those found in the raw one. Special ones come first: of
/// two with one normal form the first counts.
AddedTokenFinder make_finder(const TokenizerDefinition& definition, const TextNormalizer& normalizer, bool normalized,
                             const std::filesystem::path& file) {
  std::vector<AddedTokenFinder::Entry> entries;
  for (const bool special : {true, false})
    for (const AddedToken& token : definition.added_tokens)
      if (token.normalized == normalized && token.special == special)
        entries.push_back({normalized ? normalizer.normalize(token.content) : token.content, token});
  for (const AddedTokenFinder::Entry& entry : entries)
    if (entry.pattern.empty()) // the library then finds it between all characters
      throw InputError({.file = file},
                       "the added token " + Json(entry.token.content).dump() + " (" + std::to_string(entry.token.id) +
                           ") is looked for in normalized text, but the normalizer leaves nothing of it: transformers' "
                           "fast tokenizer then splits texts into characters, its slow one does not",
                       "Add it with normalized=False and train with that tokenizer");
  return AddedTokenFinder(std::move(entries));
}

struct Lengths {
  std::size_t first, second;
};

/// How many tokens of each text remain, as in tokenizers' utils/truncation.rs.
/// `room` is max_length less the special tokens.
Lengths truncated_lengths(Lengths lengths, std::size_t room, Truncation truncation) {
  if (lengths.first + lengths.second <= room)
    return lengths;
  if (room == 0)
    return {0, 0};
  if (truncation == Truncation::only_first) {
    if (lengths.second >= room)
      throw TruncationError("the second text has " + counted(lengths.second, "token") + " and leaves none of the " +
                            std::to_string(room) + " to the first, which alone may be shortened. Raise max_length");
    return {room - lengths.second, lengths.second};
  }
  const std::size_t shorter = std::min(lengths.first, lengths.second);
  if (shorter > room / 2) // both must give: halves, the odd token to the longer
    return lengths.first > lengths.second ? Lengths{room - room / 2, room / 2} : Lengths{room / 2, room - room / 2};
  return lengths.first > lengths.second ? Lengths{room - shorter, shorter} : Lengths{shorter, room - shorter};
}

/// max_length less the special tokens.
std::size_t room_for_texts(const EncodeOptions& options, std::size_t specials) {
  if (!options.max_length || *options.max_length < 0)
    throw UsageError("truncation needs a max_length of 0 or more tokens. Give one");
  const auto max_length = static_cast<std::size_t>(*options.max_length);
  if (max_length < specials)
    throw TruncationError("max_length is " + std::to_string(max_length) + ", less than the " +
                          counted(specials, "special token") + ". Raise max_length");
  return max_length - specials;
}

} // namespace

Tokenizer Tokenizer::from_file(const std::filesystem::path& file) {
  return from_bytes(read_text_file(file), file);
}

Tokenizer Tokenizer::from_bytes(std::string_view bytes, const std::filesystem::path& file) {
  return Tokenizer(parse_tokenizer(bytes, file), file);
}

Tokenizer::Tokenizer(const TokenizerDefinition& definition, const std::filesystem::path& file)
    : normalizer_(definition.normalizer), pre_tokenizer_(definition.pre_tokenizer),
      unigram_(definition.pieces, definition.unknown_id), cls_id_(need_token(definition, "[CLS]", file)),
      sep_id_(need_token(definition, "[SEP]", file)), pad_id_(need_token(definition, "[PAD]", file)),
      unk_id_(need_token(definition, "[UNK]", file)), mask_id_(need_token(definition, "[MASK]", file)),
      raw_tokens_(make_finder(definition, normalizer_, false, file)),
      normalized_tokens_(make_finder(definition, normalizer_, true, file)) {
  if (unk_id_ != definition.unknown_id)
    throw InputError({.file = file}, "its piece for unknown characters is not [UNK]",
                     "Give the tokenizer.json or spm.model of a DeBERTa-v2 or -v3 checkpoint");
  vocabulary_size_ = static_cast<int>(definition.pieces.size());
  for (const AddedToken& token : definition.added_tokens)
    vocabulary_size_ = std::max(vocabulary_size_, token.id + 1);
}

Encoding Tokenizer::encode(std::string_view text, std::optional<std::string_view> pair,
                           const EncodeOptions& options) const {
  std::vector<std::int32_t> first = text_ids(text);
  std::vector<std::int32_t> second = pair ? text_ids(*pair) : std::vector<std::int32_t>();
  if (options.truncation != Truncation::none) {
    const std::size_t specials = !options.add_special_tokens ? 0 : pair ? 3 : 2;
    const auto kept =
        truncated_lengths({first.size(), second.size()}, room_for_texts(options, specials), options.truncation);
    first.resize(kept.first);
    second.resize(kept.second);
  }
  if (options.add_special_tokens) {
    first.insert(first.begin(), cls_id_);
    first.push_back(sep_id_);
    if (pair)
      second.push_back(sep_id_);
  }
  Encoding encoding{.ids = std::move(first), .type_ids = {}};
  encoding.type_ids.assign(encoding.ids.size(), 0);
  encoding.type_ids.resize(encoding.ids.size() + second.size(), 1);
  encoding.ids.insert(encoding.ids.end(), second.begin(), second.end());
  return encoding;
}

std::vector<std::int32_t> Tokenizer::text_ids(std::string_view text) const {
  if (const std::size_t invalid = find_invalid_utf8(text); invalid != std::string_view::npos)
    throw InternalError("a text to tokenize is not UTF-8 at its byte " + std::to_string(invalid));
  std::vector<std::int32_t> ids;
  raw_tokens_.for_each_part(text, [&](const AddedTokenFinder::Part& part) {
    if (part.id)
      ids.push_back(*part.id);
    else
      append_segment(part.text, ids);
  });
  return ids;
}

void Tokenizer::append_segment(std::string_view segment, std::vector<std::int32_t>& ids) const {
  const std::string normalized = normalizer_.normalize(segment);
  normalized_tokens_.for_each_part(normalized, [&](const AddedTokenFinder::Part& part) {
    if (part.id)
      ids.push_back(*part.id);
    else
      append_words(part.text, ids);
  });
}

void Tokenizer::append_words(std::string_view text, std::vector<std::int32_t>& ids) const {
  std::size_t begin = 0;
  for (std::size_t i = 0; pre_tokenizer_.split_punctuation && i < text.size();) {
    const Utf8Character character = decode_utf8(text, i);
    const auto length = static_cast<std::size_t>(character.length);
    if (is_punctuation(character.code_point)) {
      append_marked(text.substr(begin, i - begin), ids);
      append_marked(text.substr(i, length), ids);
      begin = i + length;
    }
    i += length;
  }
  append_marked(text.substr(begin), ids);
}

// The pre-tokenizer Metaspace: each space becomes the mark of a word's start,
// the text gets one in front if it has none, and every mark begins a new word.
void Tokenizer::append_marked(std::string_view text, std::vector<std::int32_t>& ids) const {
  if (text.empty())
    return;
  std::string marked;
  marked.reserve(text.size() + text.size() / 4);
  if (pre_tokenizer_.prepend && text[0] != ' ' && !text.starts_with(kWordStart))
    marked += kWordStart;
  for (const char c : text)
    if (c == ' ')
      marked += kWordStart;
    else
      marked += c;
  if (!pre_tokenizer_.split)
    return unigram_.segment(marked, ids);
  for (std::size_t begin = 0; begin < marked.size();) {
    const std::size_t end = std::min(marked.find(kWordStart, begin + 1), marked.size());
    unigram_.segment(std::string_view(marked).substr(begin, end - begin), ids);
    begin = end;
  }
}

} // namespace sciexam::inline tokenizer

#include "tokenizer/tokenizer.hpp"

#include "support/files/files.hpp"
#include "support/text/counted.hpp"
#include "support/text/utf8.hpp"

#include <algorithm>
#include <string>

namespace sciexam {
namespace {

constexpr std::string_view kUnknown = "[UNK]", kMask = "[MASK]";
constexpr std::string_view kWordStart = "\u2581"; // SentencePiece's mark for a space

std::optional<std::int32_t> find_piece(const SentencePieceModel& model, std::string_view text) {
  const auto piece = std::ranges::find(model.pieces, text, &Piece::text);
  if (piece == model.pieces.end())
    return std::nullopt;
  return static_cast<std::int32_t>(piece - model.pieces.begin());
}

std::int32_t need_piece(const SentencePieceModel& model, std::string_view text, const std::filesystem::path& file) {
  if (const auto id = find_piece(model, text))
    return *id;
  throw InputError({.file = file}, "the vocabulary has no piece " + std::string(text),
                   "Give the spm.model of a DeBERTa-v3 checkpoint");
}

/// Control and user-defined pieces and the special tokens, but not [UNK]: that
/// one is looked for after normalization.
PieceTrie make_literals(const SentencePieceModel& model, std::int32_t mask_id) {
  std::vector<PieceTrie::Entry> entries = {{kMask, mask_id}};
  for (std::size_t id = 0; id < model.pieces.size(); ++id) {
    const Piece& piece = model.pieces[id];
    const bool special = piece.text == "[CLS]" || piece.text == "[SEP]" || piece.text == "[PAD]";
    if ((piece.literal || special) && piece.text != kMask)
      entries.emplace_back(piece.text, static_cast<std::int32_t>(id));
  }
  return PieceTrie(std::move(entries));
}

struct Lengths {
  std::size_t first, second;
};

/// How many tokens of each text stay, as tokenizers' utils/truncation.rs has it.
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

Tokenizer Tokenizer::from_file(const std::filesystem::path& spm_model) {
  return from_bytes(read_text_file(spm_model), spm_model);
}

Tokenizer Tokenizer::from_bytes(std::string_view spm_model, const std::filesystem::path& file) {
  return Tokenizer(parse_sentencepiece_model(spm_model, file), file);
}

Tokenizer::Tokenizer(const SentencePieceModel& model, const std::filesystem::path& file)
    : normalizer_(CharacterMap(model.character_map, file)), unigram_(model), cls_id_(need_piece(model, "[CLS]", file)),
      sep_id_(need_piece(model, "[SEP]", file)), pad_id_(need_piece(model, "[PAD]", file)),
      unk_id_(need_piece(model, kUnknown, file)),
      mask_id_(find_piece(model, kMask).value_or(static_cast<std::int32_t>(model.pieces.size()))),
      literals_(make_literals(model, mask_id_)) {
  if (unk_id_ != model.unknown_id)
    throw InputError({.file = file}, "its piece for unknown characters is not [UNK]",
                     "Give the spm.model of a DeBERTa-v3 checkpoint");
  vocabulary_size_ = std::max(static_cast<int>(model.pieces.size()), mask_id_ + 1);
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

// Literal tokens are taken leftmost first, and the longest of those that begin together.
std::vector<std::int32_t> Tokenizer::text_ids(std::string_view text) const {
  if (const std::size_t invalid = find_invalid_utf8(text); invalid != std::string_view::npos)
    throw InternalError("a text to tokenize is not UTF-8 at its byte " + std::to_string(invalid));
  std::vector<std::int32_t> ids;
  std::size_t segment = 0;
  for (std::size_t i = 0; i < text.size();) {
    std::size_t length = 0;
    std::int32_t literal = 0;
    literals_.for_each_prefix(text.substr(i), [&](std::size_t bytes, std::int32_t id) {
      length = bytes;
      literal = id;
    });
    if (length == 0) {
      ++i;
      continue;
    }
    append_segment(text.substr(segment, i - segment), ids);
    ids.push_back(literal);
    i += length;
    segment = i;
  }
  append_segment(text.substr(segment), ids);
  return ids;
}

void Tokenizer::append_segment(std::string_view segment, std::vector<std::int32_t>& ids) const {
  const std::string normalized = normalizer_.normalize(segment);
  std::string_view rest = normalized;
  for (std::size_t at; (at = rest.find(kUnknown)) != std::string_view::npos;) {
    append_words(rest.substr(0, at), ids);
    ids.push_back(unk_id_);
    rest.remove_prefix(at + kUnknown.size());
  }
  append_words(rest, ids);
}

// The Metaspace pre-tokenizer: each space becomes the mark of a word's start,
// the text gets one in front if it has none, and every mark begins a new word.
void Tokenizer::append_words(std::string_view text, std::vector<std::int32_t>& ids) const {
  if (text.empty())
    return;
  std::string marked;
  marked.reserve(text.size() + text.size() / 4);
  if (text[0] != ' ' && !text.starts_with(kWordStart))
    marked += kWordStart;
  for (const char c : text)
    if (c == ' ')
      marked += kWordStart;
    else
      marked += c;
  for (std::size_t begin = 0; begin < marked.size();) {
    const std::size_t end = std::min(marked.find(kWordStart, begin + kWordStart.size()), marked.size());
    unigram_.segment(std::string_view(marked).substr(begin, end - begin), ids);
    begin = end;
  }
}

} // namespace sciexam

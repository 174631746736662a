// DeBERTa-v3's tokenization of a text or a pair of texts.
#pragma once

#include "support/errors.hpp"
#include "tokenizer/added_tokens.hpp"
#include "tokenizer/text_normalizer.hpp"
#include "tokenizer/tokenizer_definition.hpp"
#include "tokenizer/unigram.hpp"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string_view>
#include <vector>

namespace sciexam::inline tokenizer {

/// What the network sees of a text or a pair. Both lists are `[tokens]`.
struct Encoding {
  std::vector<std::int32_t> ids;
  std::vector<std::int32_t> type_ids; ///< 0 for the first text, 1 for the second

  bool operator==(const Encoding&) const = default;
};

/// Which text loses its last tokens where a pair is longer than max_length.
enum class Truncation {
  none,
  longest_first, ///< the longer text down to the length of the shorter, then both alike
  only_first,    ///< the first text; at least one of its tokens must remain
                 ///< (but where there is room for special tokens alone, both texts go)
};

struct EncodeOptions {
  bool add_special_tokens = true; ///< [CLS] text [SEP], or [CLS] text [SEP] pair [SEP]
  Truncation truncation = Truncation::none;
  std::optional<int> max_length = {}; ///< tokens, special ones included; needed by all truncations but none
};

/// The texts do not fit into max_length with the truncation that was asked for.
class TruncationError : public UsageError {
  using UsageError::UsageError;
};

/// Text to ids, equal to what Hugging Face's DebertaV2TokenizerFast gives (the
/// tokenizers library): added tokens are found in the raw text, what lies
/// between them is normalized, searched for those that are found by their normal
/// form, cut into words, and each word into pieces. Constant after loading:
/// threads may share one.
class Tokenizer {
public:
  /// Reads spm.model or tokenizer.json. Throws UsageError if the file cannot be read, InputError as
  /// parse_tokenizer() does, and if [CLS], [SEP], [PAD], [UNK] or [MASK] is missing.
  static Tokenizer from_file(const std::filesystem::path& file);
  /// The same from the file's bytes; `file` is only named in messages.
  static Tokenizer from_bytes(std::string_view bytes, const std::filesystem::path& file);
  Tokenizer(const TokenizerDefinition& definition, const std::filesystem::path& file);

  /// Throws InternalError if a text is not UTF-8 (which its reader checks),
  /// UsageError if truncation lacks max_length, TruncationError as described there.
  Encoding encode(std::string_view text, std::optional<std::string_view> pair = {},
                  const EncodeOptions& options = {}) const;

  /// One more than the largest id: pieces, and added tokens after them.
  int vocabulary_size() const noexcept { return vocabulary_size_; }
  std::int32_t cls_id() const noexcept { return cls_id_; }
  std::int32_t sep_id() const noexcept { return sep_id_; }
  std::int32_t pad_id() const noexcept { return pad_id_; }
  std::int32_t unk_id() const noexcept { return unk_id_; }
  std::int32_t mask_id() const noexcept { return mask_id_; }

private:
  std::vector<std::int32_t> text_ids(std::string_view text) const;
  void append_segment(std::string_view segment, std::vector<std::int32_t>& ids) const;
  void append_words(std::string_view text, std::vector<std::int32_t>& ids) const;
  void append_marked(std::string_view text, std::vector<std::int32_t>& ids) const;

  TextNormalizer normalizer_;
  PreTokenizer pre_tokenizer_;
  Unigram unigram_;
  int vocabulary_size_ = 0;
  std::int32_t cls_id_, sep_id_, pad_id_, unk_id_, mask_id_;
  AddedTokenFinder raw_tokens_, normalized_tokens_;
};

} // namespace sciexam::inline tokenizer

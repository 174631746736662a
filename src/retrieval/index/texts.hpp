// The articles' texts, and the passages' places in them.
//
// All articles are one stream of bytes, an article behind the other: varints of the bytes of its id and its title, id,
// title, text. The stream is cut every 8 KiB, wherever that is, and each piece is a zstd frame of its own:
//
//     texts.bin     +--------+---------+-----+---------+----------------------------+----------------------+
//                   | marker | frame 0 | ... | frame n | frames' offsets, and their | frames, bytes of the |
//                   |        |         |     |         | end's, 8 bytes each        | stream, 8 bytes each |
//                   +--------+---------+-----+---------+----------------------------+----------------------+
//     articles.bin  marker, where each article begins in the stream, and where the last ends, 8 bytes each
//     passages.bin  marker, for each passage 8 bytes: 40 bits of where it begins in the stream, 24 bits of its length
//
// A passage's article is the last that begins before it.
#pragma once

#include "retrieval/index/checked_file.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace sciexam::inline retrieval {

inline constexpr std::string_view kTextsMarker = "SCXtext1", kArticlesMarker = "SCXarti1", kPassagesMarker = "SCXpass1";
inline constexpr std::size_t kTextFrameBytes = 8192;
inline constexpr int kPassageBeginBits = 40, kPassageLengthBits = 24;
inline constexpr std::uint64_t kMostStreamBytes = std::uint64_t{1} << kPassageBeginBits;
inline constexpr std::uint64_t kMostPassageBytes = (std::uint64_t{1} << kPassageLengthBits) - 1;

/// A window of an article, with all that is shown of it.
struct PassageText {
  std::uint64_t article = 0;       ///< number in the index
  std::uint32_t window = 0;        ///< of the article, from 0
  std::string id, title;           ///< of the article
  std::string text;                ///< of the window
  std::uint64_t begin = 0;         ///< byte of the article's text
  std::uint64_t article_bytes = 0; ///< of its text
};

/// Where texts are. Several threads may read at once, each with its own TextReader.
class TextFiles {
public:
  /// `dictionary`: what frames were compressed with; empty for none. Throws PackageError.
  TextFiles(CheckedFile texts, CheckedFile articles, CheckedFile passages, std::string_view dictionary);
  TextFiles(TextFiles&&) noexcept;
  ~TextFiles();

  std::uint64_t articles() const noexcept { return articles_; }
  std::uint64_t passages() const noexcept { return passages_; }
  std::uint64_t stream_bytes() const noexcept { return stream_bytes_; }

private:
  friend class TextReader;
  struct Dictionary; // zstd's, digested once for all readers

  std::uint64_t article_begin(std::uint64_t article) const;

  CheckedFile texts_file_, articles_file_, passages_file_;
  std::unique_ptr<Dictionary> dictionary_;
  std::uint64_t frames_ = 0, offsets_ = 0, stream_bytes_ = 0, articles_ = 0, passages_ = 0;
};

/// Decodes texts: one thread's. Throws PackageError, naming file and chunk, where a text is damaged; others can be read
/// all the same.
class TextReader {
public:
  /// `files` must outlive this.
  explicit TextReader(const TextFiles& files);
  TextReader(const TextReader&) = delete;
  TextReader& operator=(const TextReader&) = delete;
  ~TextReader();

  PassageText passage(std::uint32_t passage);
  /// A range of an article's text: for windows that are joined. Cut where the text ends.
  std::string article_text(std::uint64_t article, std::uint64_t begin, std::uint64_t bytes);

private:
  struct Decoder;
  struct Head; // of an article
  std::string stream(std::uint64_t begin, std::uint64_t end);
  std::string_view frame(std::uint64_t frame);
  std::uint64_t begin_of(std::uint32_t passage) const;
  Head head(std::uint64_t article);

  const TextFiles& files_;
  std::unique_ptr<Decoder> decoder_;
};

} // namespace sciexam::inline retrieval

// Writes the articles' texts (texts.hpp has the layout).
#pragma once

#include "retrieval/index/index_manifest.hpp"
#include "retrieval/index/texts.hpp"

#include <filesystem>
#include <span>
#include <vector>

namespace sciexam::inline retrieval {

/// A dictionary of at most `bytes` bytes for the frames of texts like these samples; empty if they are too few or too
/// uniform. The same samples give the same bytes.
std::string train_text_dictionary(std::span<const std::string> samples, std::size_t bytes = std::size_t{112} << 10);

/// Compressed as one frame, as all that a TextWriter writes.
struct TextCompression {
  std::string dictionary = {}; ///< empty: none
  int level = 6;               ///< zstd's: 12 saves 4 % of the bytes and takes five times as long
  int threads = 1;             ///< the bytes do not depend on it
};

/// Articles come in order, each followed by its passages, in order. Holds one megabyte a thread, and eight bytes for
/// each frame of 8 KiB. Throws WorkError if the disk is full.
class TextWriter {
public:
  /// Makes texts.bin, articles.bin and passages.bin in `folder`.
  TextWriter(const std::filesystem::path& folder, TextCompression compression);
  TextWriter(const TextWriter&) = delete;
  TextWriter& operator=(const TextWriter&) = delete;
  ~TextWriter();

  /// Throws InternalError if the stream would become longer than kMostStreamBytes.
  void add_article(std::string_view id, std::string_view title, std::string_view text);
  /// A window of the last article's text, in bytes of it. Throws InternalError if it is not within it, empty, or
  /// longer than kMostPassageBytes.
  void add_passage(std::uint64_t begin, std::uint64_t bytes);

  std::uint64_t articles() const noexcept { return articles_; }
  std::uint64_t passages() const noexcept { return passages_; }
  std::uint64_t stream_bytes() const noexcept { return stream_bytes_; }

  struct Records {
    CheckedFileRecord texts, articles, passages;
  };
  Records finish();
  void commit();

private:
  struct Dictionary; // zstd's
  void append(std::string_view bytes);
  void compress_waiting();

  CheckedFileWriter texts_, articles_file_, passages_file_;
  TextCompression compression_;
  std::unique_ptr<Dictionary> dictionary_;
  std::string waiting_; // not yet compressed
  std::string offsets_;
  std::uint64_t articles_ = 0, passages_ = 0, stream_bytes_ = 0;
  std::uint64_t text_begin_ = 0, text_end_ = 0; // of the last article
};

/// Writes texts.dictionary. Throws WorkError.
CheckedFileRecord write_text_dictionary(const std::filesystem::path& folder, std::string_view dictionary);

/// Finishes and commits, and fills in the manifest's texts, articles, passages and counts of them.
void finish_texts(TextWriter& writer, IndexManifest& manifest);

} // namespace sciexam::inline retrieval

#include "retrieval/index/text_writer.hpp"

#include "retrieval/index/bytes.hpp"
#include "support/errors.hpp"
#include "support/machine/threads.hpp"

#include <algorithm>
#include <new>

#include <zdict.h>
#include <zstd.h>

namespace sciexam::inline retrieval {
namespace {

constexpr std::size_t kFramesAtOnce = 128; // a thread

struct Context {
  std::unique_ptr<ZSTD_CCtx, decltype(&ZSTD_freeCCtx)> zstd{ZSTD_createCCtx(), ZSTD_freeCCtx};
};

void check_zstd(std::size_t result) {
  if (ZSTD_isError(result))
    throw InternalError(std::string("zstd cannot compress a text: ") + ZSTD_getErrorName(result));
}

} // namespace

std::string train_text_dictionary(std::span<const std::string> samples, std::size_t bytes) {
  std::string joined, dictionary(bytes, '\0');
  std::vector<std::size_t> sizes;
  for (const std::string& sample : samples)
    for (std::size_t i = 0; i < sample.size(); i += kTextFrameBytes) {
      sizes.push_back(std::min(kTextFrameBytes, sample.size() - i));
      joined += sample.substr(i, kTextFrameBytes);
    }
  const std::size_t size = ZDICT_trainFromBuffer(dictionary.data(), dictionary.size(), joined.data(), sizes.data(),
                                                 static_cast<unsigned>(sizes.size()));
  dictionary.resize(ZDICT_isError(size) ? 0 : size); // without one, texts only compress less
  return dictionary;
}

struct TextWriter::Dictionary {
  Dictionary(const std::string& bytes, int level)
      : digested(ZSTD_createCDict(bytes.data(), bytes.size(), level), ZSTD_freeCDict) {
    if (!digested)
      throw std::bad_alloc();
  }
  std::unique_ptr<ZSTD_CDict, decltype(&ZSTD_freeCDict)> digested;
};

TextWriter::TextWriter(const std::filesystem::path& folder, TextCompression compression)
    : texts_(folder / "texts.bin", kTextsMarker), articles_file_(folder / "articles.bin", kArticlesMarker),
      passages_file_(folder / "passages.bin", kPassagesMarker), compression_(std::move(compression)) {
  if (!compression_.dictionary.empty())
    dictionary_ = std::make_unique<Dictionary>(compression_.dictionary, compression_.level);
}

TextWriter::~TextWriter() = default;

void TextWriter::append(std::string_view bytes) {
  if (bytes.size() > kMostStreamBytes - stream_bytes_)
    throw InternalError("the articles' texts are longer than " + std::to_string(kMostStreamBytes) + " bytes");
  stream_bytes_ += bytes.size();
  const std::size_t at_once =
      kFramesAtOnce * kTextFrameBytes * static_cast<std::size_t>(std::max(1, compression_.threads));
  while (!bytes.empty()) {
    const std::string_view part = bytes.substr(0, at_once - waiting_.size());
    waiting_ += part;
    bytes.remove_prefix(part.size());
    if (waiting_.size() == at_once)
      compress_waiting();
  }
}

void TextWriter::compress_waiting() {
  const std::size_t count = (waiting_.size() + kTextFrameBytes - 1) / kTextFrameBytes;
  const std::size_t parts = (count + kFramesAtOnce - 1) / kFramesAtOnce;
  std::vector<std::string> packed(count);
  parallel_for(parts, compression_.threads, [&](std::size_t part) {
    const Context context;
    if (!context.zstd)
      throw std::bad_alloc();
    check_zstd(ZSTD_CCtx_setParameter(context.zstd.get(), ZSTD_c_compressionLevel, compression_.level));
    check_zstd(ZSTD_CCtx_refCDict(context.zstd.get(), dictionary_ ? dictionary_->digested.get() : nullptr));
    for (std::size_t i = part * kFramesAtOnce; i < std::min(count, (part + 1) * kFramesAtOnce); ++i) {
      const std::string_view plain = std::string_view(waiting_).substr(i * kTextFrameBytes, kTextFrameBytes);
      packed[i].resize(ZSTD_compressBound(plain.size()));
      const std::size_t size =
          ZSTD_compress2(context.zstd.get(), packed[i].data(), packed[i].size(), plain.data(), plain.size());
      check_zstd(size);
      packed[i].resize(size);
    }
  });
  for (const std::string& frame : packed) {
    append_number(offsets_, texts_.position());
    texts_.write(frame);
  }
  waiting_.clear();
}

void TextWriter::add_article(std::string_view id, std::string_view title, std::string_view text) {
  std::string begin;
  append_number(begin, stream_bytes_);
  articles_file_.write(begin);
  std::string head;
  append_varint(head, id.size());
  append_varint(head, title.size());
  append(head);
  append(id);
  append(title);
  text_begin_ = stream_bytes_;
  append(text);
  text_end_ = stream_bytes_;
  ++articles_;
}

void TextWriter::add_passage(std::uint64_t begin, std::uint64_t bytes) {
  const std::uint64_t size = text_end_ - text_begin_;
  if (articles_ == 0 || bytes == 0 || begin > size || bytes > size - begin || bytes > kMostPassageBytes ||
      text_begin_ + begin >= kMostStreamBytes)
    throw InternalError("a passage of " + std::to_string(bytes) + " bytes from byte " + std::to_string(begin) +
                        " on does not lie in its article of " + std::to_string(size));
  std::string entry;
  append_number(entry, bytes << kPassageBeginBits | (text_begin_ + begin));
  passages_file_.write(entry);
  ++passages_;
}

TextWriter::Records TextWriter::finish() {
  compress_waiting();
  std::string end;
  append_number(offsets_, texts_.position());
  append_number(end, std::uint64_t{offsets_.size() / 8 - 1});
  append_number(end, stream_bytes_);
  texts_.write(offsets_);
  texts_.write(end);
  std::string last;
  append_number(last, stream_bytes_);
  articles_file_.write(last);
  return {texts_.finish(), articles_file_.finish(), passages_file_.finish()};
}

void TextWriter::commit() {
  texts_.commit();
  articles_file_.commit();
  passages_file_.commit();
}

CheckedFileRecord write_text_dictionary(const std::filesystem::path& folder, std::string_view dictionary) {
  CheckedFileWriter file(folder / "texts.dictionary", kDictionaryMarker);
  file.write(dictionary);
  CheckedFileRecord record = file.finish();
  file.commit();
  return record;
}

void finish_texts(TextWriter& writer, IndexManifest& manifest) {
  const TextWriter::Records records = writer.finish();
  writer.commit();
  manifest.texts = records.texts;
  manifest.articles = records.articles;
  manifest.passages = records.passages;
  manifest.counts.articles = writer.articles();
  manifest.counts.passages = writer.passages();
  manifest.counts.text_bytes = writer.stream_bytes();
}

} // namespace sciexam::inline retrieval

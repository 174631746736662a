#include "retrieval/index/texts.hpp"

#include "retrieval/index/bytes.hpp"
#include "support/errors.hpp"

#include <algorithm>
#include <new>

#include <zstd.h>

namespace sciexam::inline retrieval {
namespace {

constexpr std::uint64_t kTextsEnd = 16;
constexpr std::uint64_t kHeadBytes = 20; // two varints

[[noreturn]] void fail_texts(const CheckedFile& file, const std::string& problem) {
  throw PackageError(file.path(), "is damaged: " + problem, kIndexRemedy);
}

std::uint64_t number_in(const CheckedFile& file, std::uint64_t offset) {
  return load_number<std::uint64_t>(file.read(offset, 8).data());
}

} // namespace

struct TextFiles::Dictionary {
  explicit Dictionary(std::string_view bytes) : digested(ZSTD_createDDict(bytes.data(), bytes.size()), ZSTD_freeDDict) {
    if (!digested)
      throw std::bad_alloc();
  }
  std::unique_ptr<ZSTD_DDict, decltype(&ZSTD_freeDDict)> digested;
};

struct TextReader::Decoder {
  std::unique_ptr<ZSTD_DCtx, decltype(&ZSTD_freeDCtx)> context{ZSTD_createDCtx(), ZSTD_freeDCtx};
  std::string text;                 // of the frame that was read last
  std::uint64_t frame = UINT64_MAX; // its number
};

struct TextReader::Head {
  std::uint64_t id = 0, title = 0, text = 0, end = 0; // where they begin in the stream
};

TextFiles::TextFiles(CheckedFile texts, CheckedFile articles, CheckedFile passages, std::string_view dictionary)
    : texts_file_(std::move(texts)), articles_file_(std::move(articles)), passages_file_(std::move(passages)),
      dictionary_(dictionary.empty() ? nullptr : std::make_unique<Dictionary>(dictionary)) {
  const std::uint64_t content = texts_file_.content();
  if (content < kMarkerBytes + 8 + kTextsEnd)
    fail_texts(texts_file_, "it is too short");
  frames_ = number_in(texts_file_, content - kTextsEnd);
  stream_bytes_ = number_in(texts_file_, content - kTextsEnd + 8);
  if (stream_bytes_ > kMostStreamBytes || frames_ != (stream_bytes_ + kTextFrameBytes - 1) / kTextFrameBytes ||
      8 * (frames_ + 1) > content - kTextsEnd - kMarkerBytes)
    fail_texts(texts_file_, "it has not the number of frames that its bytes take");
  offsets_ = content - kTextsEnd - 8 * (frames_ + 1);
  if (articles_file_.content() < kMarkerBytes + 8 || articles_file_.content() % 8 != 0)
    fail_texts(articles_file_, "it ends within an entry");
  articles_ = (articles_file_.content() - kMarkerBytes) / 8 - 1;
  if (passages_file_.content() % 8 != 0)
    fail_texts(passages_file_, "it ends within an entry");
  passages_ = (passages_file_.content() - kMarkerBytes) / 8;
}

TextFiles::TextFiles(TextFiles&&) noexcept = default;
TextFiles::~TextFiles() = default;

std::uint64_t TextFiles::article_begin(std::uint64_t article) const {
  return number_in(articles_file_, kMarkerBytes + 8 * article);
}

TextReader::TextReader(const TextFiles& files) : files_(files), decoder_(std::make_unique<Decoder>()) {
  if (!decoder_->context)
    throw std::bad_alloc();
}

TextReader::~TextReader() = default;

std::string_view TextReader::frame(std::uint64_t frame) {
  Decoder& decoder = *decoder_;
  if (decoder.frame == frame)
    return decoder.text;
  decoder.frame = UINT64_MAX;
  const CheckedFile& file = files_.texts_file_;
  const std::uint64_t begin = number_in(file, files_.offsets_ + 8 * frame),
                      end = number_in(file, files_.offsets_ + 8 * (frame + 1));
  if (begin < kMarkerBytes || begin > end || end > files_.offsets_)
    fail_texts(file, "frame " + std::to_string(frame) + " would lie outside of it");
  const std::span<const std::byte> packed = file.read(begin, end - begin);
  const std::uint64_t size = std::min<std::uint64_t>(kTextFrameBytes, files_.stream_bytes_ - frame * kTextFrameBytes);
  decoder.text.resize(size);
  ZSTD_DCtx* const context = decoder.context.get();
  const std::size_t got = files_.dictionary_ == nullptr
                              ? ZSTD_decompressDCtx(context, decoder.text.data(), size, packed.data(), packed.size())
                              : ZSTD_decompress_usingDDict(context, decoder.text.data(), size, packed.data(),
                                                           packed.size(), files_.dictionary_->digested.get());
  if (ZSTD_isError(got) || got != size)
    fail_texts(file, "frame " + std::to_string(frame) + " cannot be decoded");
  decoder.frame = frame;
  return decoder.text;
}

std::string TextReader::stream(std::uint64_t begin, std::uint64_t end) {
  std::string text;
  while (begin < end) {
    const std::string_view piece = frame(begin / kTextFrameBytes).substr(begin % kTextFrameBytes, end - begin);
    text += piece;
    begin += piece.size();
  }
  return text;
}

TextReader::Head TextReader::head(std::uint64_t article) {
  const std::uint64_t begin = files_.article_begin(article), end = files_.article_begin(article + 1);
  if (begin > end || end > files_.stream_bytes_)
    fail_texts(files_.articles_file_, "article " + std::to_string(article) + " would lie outside of the texts");
  const std::string bytes = stream(begin, std::min(end, begin + kHeadBytes));
  ByteReader reader(std::as_bytes(std::span(bytes)), files_.texts_file_.path());
  Head head;
  const std::uint64_t id = reader.varint(end - begin), title = reader.varint(end - begin);
  head.id = begin + bytes.size() - reader.left();
  head.title = head.id + id;
  head.text = head.title + title;
  head.end = end;
  if (head.text > end)
    fail_texts(files_.texts_file_, "article " + std::to_string(article) + " has a title longer than itself");
  return head;
}

/// Where a passage begins in the stream.
std::uint64_t TextReader::begin_of(std::uint32_t passage) const {
  return number_in(files_.passages_file_, kMarkerBytes + std::uint64_t{8} * passage) & (kMostStreamBytes - 1);
}

PassageText TextReader::passage(std::uint32_t passage) {
  if (passage >= files_.passages_)
    fail_texts(files_.passages_file_, "it has no passage " + std::to_string(passage));
  const std::uint64_t entry = number_in(files_.passages_file_, kMarkerBytes + std::uint64_t{8} * passage);
  const std::uint64_t begin = entry & (kMostStreamBytes - 1), bytes = entry >> kPassageBeginBits;
  std::uint64_t first = 0, last = files_.articles_; // the article is in [first, last)
  while (last - first > 1) {
    const std::uint64_t middle = first + (last - first) / 2;
    (files_.article_begin(middle) <= begin ? first : last) = middle;
  }
  if (files_.articles_ == 0)
    fail_texts(files_.articles_file_, "it has no article for passage " + std::to_string(passage));
  const Head article = head(first);
  if (begin < article.text || begin > article.end || bytes > article.end - begin)
    fail_texts(files_.passages_file_, "passage " + std::to_string(passage) + " would lie outside of its article");
  std::uint32_t window = 0;
  while (window < passage && begin_of(passage - window - 1) >= article.text)
    ++window;
  return {first,
          window,
          stream(article.id, article.title),
          stream(article.title, article.text),
          stream(begin, begin + bytes),
          begin - article.text,
          article.end - article.text};
}

std::string TextReader::article_text(std::uint64_t article, std::uint64_t begin, std::uint64_t bytes) {
  if (article >= files_.articles_)
    fail_texts(files_.articles_file_, "it has no article " + std::to_string(article));
  const Head place = head(article);
  const std::uint64_t size = place.end - place.text, from = std::min(begin, size);
  return stream(place.text + from, place.text + from + std::min(bytes, size - from));
}

} // namespace sciexam::inline retrieval

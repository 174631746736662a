#include "retrieval/corpus/decoder.hpp"

#include "support/errors.hpp"

#include <algorithm>
#include <limits>

#include <bzlib.h>
#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

namespace sciexam::inline retrieval {
namespace {

using namespace std::string_view_literals;

[[noreturn]] void fail_without_memory() {
  throw WorkError("Memory ran out while a corpus was unpacked. Free some, or unpack the file beforehand");
}

[[noreturn]] void fail_damaged(std::string_view why) {
  throw DamagedBytes{"damaged (" + std::string(why) + ")",
                     "Download it again, and compare its size and checksum with those the site gives"};
}

/// zlib's and libbz2's counts are 32 bits wide.
unsigned clamped(std::size_t size) {
  return static_cast<unsigned>(std::min<std::size_t>(size, std::numeric_limits<int>::max()));
}

template <typename Stream>
void show_stream(Stream& stream, std::string_view packed, std::span<char> bytes) {
  using Byte = std::remove_reference_t<decltype(*stream.next_out)>;
  stream.next_in = reinterpret_cast<Byte*>(const_cast<char*>(packed.data())); // neither library writes there
  stream.avail_in = clamped(packed.size());
  stream.next_out = reinterpret_cast<Byte*>(bytes.data());
  stream.avail_out = clamped(bytes.size());
}

template <typename Stream>
void advance_past(const Stream& stream, std::string_view& packed, std::span<char>& bytes) {
  packed.remove_prefix(clamped(packed.size()) - stream.avail_in);
  bytes = bytes.subspan(clamped(bytes.size()) - stream.avail_out);
}

class GzipDecoder final : public Decoder {
public:
  GzipDecoder() {
    constexpr int kLargestWindow = 15, kGzipOnly = 16;
    if (inflateInit2(&stream_, kLargestWindow + kGzipOnly) != Z_OK)
      fail_without_memory();
  }
  GzipDecoder(const GzipDecoder&) = delete;
  GzipDecoder& operator=(const GzipDecoder&) = delete;
  ~GzipDecoder() override { inflateEnd(&stream_); }

  Step decode(std::string_view& packed, std::span<char>& bytes) override {
    show_stream(stream_, packed, bytes);
    const int result = inflate(&stream_, Z_NO_FLUSH);
    advance_past(stream_, packed, bytes);
    if (result == Z_STREAM_END) {
      inflateReset(&stream_);
      return Step::member_end;
    }
    if (result == Z_MEM_ERROR)
      fail_without_memory();
    if (result != Z_OK && result != Z_BUF_ERROR) // the latter: this call had nothing to do
      fail_damaged(stream_.msg != nullptr ? stream_.msg : "its data make no sense");
    return Step::going_on;
  }
  bool begins_member(std::string_view packed) const noexcept override { return packed.starts_with("\x1F\x8B"sv); }
  bool may_be_padded() const noexcept override { return true; }
  std::string_view name() const noexcept override { return "gzip"; }

private:
  z_stream stream_{};
};

class Bzip2Decoder final : public Decoder {
public:
  Bzip2Decoder() { start(); }
  Bzip2Decoder(const Bzip2Decoder&) = delete;
  Bzip2Decoder& operator=(const Bzip2Decoder&) = delete;
  ~Bzip2Decoder() override { BZ2_bzDecompressEnd(&stream_); }

  Step decode(std::string_view& packed, std::span<char>& bytes) override {
    show_stream(stream_, packed, bytes);
    const int result = BZ2_bzDecompress(&stream_);
    advance_past(stream_, packed, bytes);
    if (result == BZ_STREAM_END) {
      BZ2_bzDecompressEnd(&stream_);
      start();
      return Step::member_end;
    }
    if (result == BZ_MEM_ERROR)
      fail_without_memory();
    if (result != BZ_OK)
      fail_damaged(result == BZ_DATA_ERROR ? "a block's checksum differs" : "its data make no sense");
    return Step::going_on;
  }
  bool begins_member(std::string_view packed) const noexcept override {
    return packed.size() >= 4 && packed.starts_with("BZh") && packed[3] >= '1' && packed[3] <= '9';
  }
  std::string_view name() const noexcept override { return "bzip2"; }

private:
  void start() {
    stream_ = {};
    if (BZ2_bzDecompressInit(&stream_, 0, 0) != BZ_OK)
      fail_without_memory();
  }

  bz_stream stream_{};
};

class ZstdDecoder final : public Decoder {
public:
  ZstdDecoder() : stream_(ZSTD_createDStream()) {
    if (stream_ == nullptr)
      fail_without_memory();
  }
  ZstdDecoder(const ZstdDecoder&) = delete;
  ZstdDecoder& operator=(const ZstdDecoder&) = delete;
  ~ZstdDecoder() override { ZSTD_freeDStream(stream_); }

  Step decode(std::string_view& packed, std::span<char>& bytes) override {
    ZSTD_inBuffer in{packed.data(), packed.size(), 0};
    ZSTD_outBuffer out{bytes.data(), bytes.size(), 0};
    const std::size_t result = ZSTD_decompressStream(stream_, &out, &in);
    if (ZSTD_isError(result) != 0)
      fail(result);
    packed.remove_prefix(in.pos);
    bytes = bytes.subspan(out.pos);
    return result == 0 ? Step::member_end : Step::going_on;
  }
  bool begins_member(std::string_view packed) const noexcept override {
    return packed.starts_with("\x28\xB5\x2F\xFD"sv) ||
           (packed.size() >= 4 && (packed[0] & 0xF0) == 0x50 && packed.substr(1, 3) == "\x2A\x4D\x18"); // skippable
  }
  std::string_view name() const noexcept override { return "zstd"; }

private:
  [[noreturn]] static void fail(std::size_t result) {
    const ZSTD_ErrorCode code = ZSTD_getErrorCode(result);
    if (code == ZSTD_error_memory_allocation)
      fail_without_memory();
    if (code == ZSTD_error_frameParameter_windowTooLarge)
      throw DamagedBytes{"packed with a window of more than 128 MB", "Pack it again without --long and --ultra"};
    if (code == ZSTD_error_dictionary_wrong)
      throw DamagedBytes{"packed with a dictionary that is not in it", "Pack it again without one"};
    fail_damaged(ZSTD_getErrorName(result));
  }

  ZSTD_DStream* stream_;
};

} // namespace

std::unique_ptr<Decoder> find_decoder(std::string_view beginning) {
  if (beginning.starts_with("\x1F\x8B"sv))
    return std::make_unique<GzipDecoder>();
  constexpr std::size_t kBlock = 4;
  // A text may begin with "BZh9", but not with a block's or the end's mark (pi and its square root) behind it.
  if (beginning.starts_with("BZh") && (beginning.size() <= kBlock || beginning.substr(kBlock).starts_with("1AY&SY") ||
                                       beginning.substr(kBlock).starts_with("\x17\x72\x45\x38\x50\x90")))
    return std::make_unique<Bzip2Decoder>();
  if (auto decoder = std::make_unique<ZstdDecoder>(); decoder->begins_member(beginning))
    return decoder;
  return nullptr;
}

} // namespace sciexam::inline retrieval

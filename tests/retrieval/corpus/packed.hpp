// Bytes as gzip, bzip2 and zstd pack them.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

#include <bzlib.h>
#include <zlib.h>
#include <zstd.h>

namespace sciexam::test {

inline std::string gzip_of(std::string_view bytes) {
  z_stream stream{};
  if (deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK)
    throw std::runtime_error("deflateInit2");
  std::string packed(deflateBound(&stream, bytes.size()) + 64, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  const int result = deflate(&stream, Z_FINISH);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  if (result != Z_STREAM_END)
    throw std::runtime_error("deflate");
  return packed;
}

inline std::string bzip2_of(std::string_view bytes) {
  std::string packed(bytes.size() + bytes.size() / 64 + 1024, '\0');
  auto size = static_cast<unsigned>(packed.size());
  if (BZ2_bzBuffToBuffCompress(packed.data(), &size, const_cast<char*>(bytes.data()),
                               static_cast<unsigned>(bytes.size()), 1, 0, 0) != BZ_OK)
    throw std::runtime_error("BZ2_bzBuffToBuffCompress");
  packed.resize(size);
  return packed;
}

inline std::string zstd_of(std::string_view bytes, int level = 3) {
  std::string packed(ZSTD_compressBound(bytes.size()), '\0');
  ZSTD_CCtx* const context = ZSTD_createCCtx();
  ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, level);
  ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1);
  const std::size_t size = ZSTD_compress2(context, packed.data(), packed.size(), bytes.data(), bytes.size());
  ZSTD_freeCCtx(context);
  if (ZSTD_isError(size) != 0)
    throw std::runtime_error("ZSTD_compress2");
  packed.resize(size);
  return packed;
}

struct Packing {
  const char* name;
  std::string (*pack)(std::string_view);
};

inline constexpr Packing kPackings[] = {
    {"gzip", gzip_of}, {"bzip2", bzip2_of}, {"zstd", [](std::string_view bytes) { return zstd_of(bytes); }}};

} // namespace sciexam::test

// Packed weights: whatever types their header names and wherever their frames are cut, each element of each tensor is
// read once, whole. The first byte says how long the frames are, the second the manifest's type; the plain file
// follows.
#include "package/packed_weights.hpp"
#include "support/errors.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>

using namespace sciexam;

namespace {

Frame frame_of(std::span<const std::byte> file, std::size_t begin, std::size_t end) {
  Frame frame;
  frame.raw_offset = begin;
  frame.raw_size = end - begin;
  frame.raw_sha256 = sha256_hex(file.subspan(begin, end - begin));
  return frame;
}

/// The header alone is the first frame, as far as there is one.
FramedFile framed(std::span<const std::byte> file, std::size_t frame_bytes) {
  std::uint64_t length = 0;
  std::memcpy(&length, file.data(), sizeof length);
  std::size_t begin =
      sizeof length + static_cast<std::size_t>(std::min<std::uint64_t>(length, file.size() - sizeof length));
  FramedFile record;
  record.raw_size = file.size();
  record.frames.push_back(frame_of(file, 0, begin));
  for (; begin < file.size(); begin += frame_bytes)
    record.frames.push_back(frame_of(file, begin, std::min(file.size(), begin + frame_bytes)));
  return record;
}

void read_all(WeightSource& source) {
  std::mutex counting;
  std::map<std::string, std::uint64_t> bytes;
  source.read([](const TensorInfo&) { return true; },
              [&](const TensorChunk& chunk) {
                const std::size_t element = size_of(chunk.tensor.dtype);
                if (chunk.bytes.size() % element != 0 ||
                    chunk.first * element + chunk.bytes.size() > chunk.tensor.bytes())
                  std::abort();
                const std::lock_guard lock(counting);
                bytes[chunk.tensor.name] += chunk.bytes.size();
              },
              1);
  for (const TensorInfo& tensor : source.tensors())
    if (bytes[tensor.name] != tensor.bytes())
      std::abort();
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::size_t kBefore = 2, kLeast = kBefore + sizeof(std::uint64_t);
  constexpr std::array<DType, 3> kTypes = {DType::f16, DType::f32, DType::i8};
  if (size < kLeast)
    return 0;
  const auto file = std::as_bytes(std::span(data, size)).subspan(kBefore);
  try {
    FrameReader reader(PackageFile("x.safetensors", file), framed(file, std::size_t{data[0]} + 1),
                       FrameReader::Form::plain);
    read_all(*open_packed_weights(std::move(reader), kTypes[data[1] % kTypes.size()]));
  } catch (const PackageError&) {
  }
  return 0;
}

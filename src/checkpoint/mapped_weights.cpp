#include "checkpoint/mapped_weights.hpp"

#include "support/errors.hpp"
#include "support/machine/threads.hpp"

#include <algorithm>
#include <cstring>

namespace sciexam::inline checkpoint {
namespace {

constexpr std::uint64_t kChunkBytes = std::uint64_t{4} << 20; // a multiple of every element's size

/// Bytes from the first element to the end of the last one.
std::uint64_t extent(const TensorInfo& tensor, const TensorPlace& place) {
  if (place.strides.empty() || tensor.elements() == 0)
    return tensor.bytes();
  std::uint64_t last = 0;
  for (std::size_t i = 0; i < tensor.shape.size(); ++i)
    last += static_cast<std::uint64_t>((tensor.shape[i] - 1) * place.strides.at(i));
  return (last + 1) * size_of(tensor.dtype);
}

/// From a tensor with strides, the `count` elements from row-major element `first` on, one after the other.
std::vector<std::byte> gather(const TensorInfo& tensor, const TensorPlace& place, std::span<const std::byte> file,
                              std::uint64_t first, std::uint64_t count) {
  const std::size_t element = size_of(tensor.dtype), rank = tensor.shape.size();
  std::vector<std::uint64_t> index(rank);
  std::uint64_t at = 0, rest = first; // `at` in elements from the first one
  for (std::size_t i = rank; i > 0; --i) {
    const auto size = static_cast<std::uint64_t>(tensor.shape[i - 1]);
    index[i - 1] = rest % size;
    rest /= size;
    at += index[i - 1] * static_cast<std::uint64_t>(place.strides[i - 1]);
  }
  std::vector<std::byte> out(count * element);
  for (std::uint64_t k = 0; k < count; ++k) {
    std::memcpy(out.data() + k * element, file.data() + place.offset + at * element, element);
    for (std::size_t i = rank; i > 0; --i) {
      const auto stride = static_cast<std::uint64_t>(place.strides[i - 1]);
      at += stride;
      if (++index[i - 1] < static_cast<std::uint64_t>(tensor.shape[i - 1]))
        break;
      at -= stride * index[i - 1];
      index[i - 1] = 0;
    }
  }
  return out;
}

} // namespace

MappedWeights::MappedWeights(MappedFile file, std::vector<TensorInfo> tensors, std::vector<TensorPlace> places)
    : file_(std::move(file)), tensors_(std::move(tensors)), places_(std::move(places)) {
  const std::uint64_t size = file_.bytes().size();
  for (std::size_t i = 0; i < tensors_.size(); ++i)
    if (places_.at(i).offset > size || extent(tensors_[i], places_[i]) > size - places_[i].offset)
      throw InternalError("tensor " + tensors_[i].name + " lies outside of " + description());
}

void MappedWeights::read(const std::function<bool(const TensorInfo&)>& wanted,
                         const std::function<void(const TensorChunk&)>& sink, int threads) {
  struct Piece {
    std::size_t tensor;
    std::uint64_t first_byte;
  };
  std::vector<Piece> pieces;
  for (std::size_t i = 0; i < tensors_.size(); ++i)
    if (wanted(tensors_[i]))
      for (std::uint64_t byte = 0; byte < tensors_[i].bytes(); byte += kChunkBytes)
        pieces.push_back({i, byte});
  parallel_for(pieces.size(), threads, [&](std::size_t index) {
    const auto [i, first_byte] = pieces[index];
    const TensorInfo& tensor = tensors_[i];
    const std::uint64_t length = std::min(kChunkBytes, tensor.bytes() - first_byte);
    const std::uint64_t first = first_byte / size_of(tensor.dtype);
    if (!places_[i].strides.empty()) {
      sink({tensor, first, gather(tensor, places_[i], file_.bytes(), first, length / size_of(tensor.dtype))});
      return;
    }
    const auto bytes = file_.bytes().subspan(places_[i].offset + first_byte, length);
    sink({tensor, first, bytes});
    file_.release(bytes);
  });
}

} // namespace sciexam::inline checkpoint

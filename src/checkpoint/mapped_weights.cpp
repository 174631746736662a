#include "checkpoint/mapped_weights.hpp"

#include "support/errors.hpp"
#include "support/machine/threads.hpp"

#include <algorithm>

namespace sciexam {
namespace {

constexpr std::uint64_t kChunkBytes = std::uint64_t{4} << 20; // a multiple of every element's size

} // namespace

MappedWeights::MappedWeights(MappedFile file, std::vector<TensorInfo> tensors, std::vector<std::uint64_t> offsets)
    : file_(std::move(file)), tensors_(std::move(tensors)), offsets_(std::move(offsets)) {
  const std::uint64_t size = file_.bytes().size();
  for (std::size_t i = 0; i < tensors_.size(); ++i)
    if (offsets_.at(i) > size || tensors_[i].bytes() > size - offsets_[i])
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
    const auto bytes = file_.bytes().subspan(offsets_[i] + first_byte, length);
    sink({tensor, first_byte / size_of(tensor.dtype), bytes});
    file_.release(bytes);
  });
}

} // namespace sciexam

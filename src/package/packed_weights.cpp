#include "package/packed_weights.hpp"

#include "checkpoint/safetensors.hpp"
#include "support/errors.hpp"
#include "support/machine/threads.hpp"

#include <algorithm>
#include <utility>

namespace sciexam::inline package {
namespace {

/// Storage that is read for the first time gives one reader a fraction of its speed: on Kaggle, four read three times
/// as fast as one. Threads beyond the CPUs wait for storage.
constexpr int kReaders = 8;

class PackedWeights final : public WeightSource {
public:
  PackedWeights(FrameReader reader, DType dtype);

  const std::vector<TensorInfo>& tensors() const override { return tensors_; }
  std::string description() const override { return reader_.file().path().string(); }
  void read(const std::function<bool(const TensorInfo&)>& wanted, const std::function<void(const TensorChunk&)>& sink,
            int threads) override;

private:
  /// The first tensor that has data at or after byte `offset` of the plain file.
  std::size_t first_tensor_behind(std::uint64_t offset) const;
  /// Calls visit(tensor, begin, end) for each wanted tensor that has bytes begin .. end (of the plain file) in the
  /// frame.
  template <class Visit>
  void for_each_piece(const Frame& frame, const std::vector<bool>& wanted, const Visit& visit) const;

  FrameReader reader_;
  std::vector<TensorInfo> tensors_;
  std::vector<std::uint64_t> ends_; // of each tensor in the plain file, ascending
};

PackedWeights::PackedWeights(FrameReader reader, DType dtype) : reader_(std::move(reader)) {
  const std::filesystem::path& path = reader_.file().path();
  const char* remedy = "Pack the models again";
  const std::vector<std::byte> bytes = reader_.read_and_verify(0);
  SafetensorsHeader header = parse_safetensors_header(bytes, reader_.record().raw_size, path);
  if (header.length != bytes.size())
    throw PackageError(path, "does not have its safetensors header, alone, in frame 0", remedy);
  for (std::size_t i = 0; i < header.tensors.size(); ++i) {
    const TensorInfo& tensor = header.tensors[i];
    const bool fits =
        tensor.dtype == dtype || (dtype == DType::i8 && (tensor.dtype == DType::f16 || tensor.dtype == DType::f32));
    if (!fits)
      throw PackageError(path,
                         "holds " + tensor.name + " as " + std::string(name_of(tensor.dtype)) + ", not as the " +
                             std::string(name_of(dtype)) + " that the manifest says",
                         remedy);
    ends_.push_back(header.offsets[i] + tensor.bytes());
  }
  tensors_ = std::move(header.tensors);
  for (const Frame& frame : std::span(reader_.record().frames).subspan(1)) {
    const std::size_t cut = first_tensor_behind(frame.raw_offset);
    if (cut < tensors_.size() && (ends_[cut] - frame.raw_offset) % size_of(tensors_[cut].dtype) != 0)
      throw PackageError(path, "has a frame that ends within an element", remedy);
  }
}

std::size_t PackedWeights::first_tensor_behind(std::uint64_t offset) const {
  return static_cast<std::size_t>(std::upper_bound(ends_.begin(), ends_.end(), offset) - ends_.begin());
}

template <class Visit>
void PackedWeights::for_each_piece(const Frame& frame, const std::vector<bool>& wanted, const Visit& visit) const {
  const std::uint64_t frame_end = frame.raw_offset + frame.raw_size;
  for (std::size_t i = first_tensor_behind(frame.raw_offset); i < tensors_.size(); ++i) {
    const std::uint64_t tensor_begin = ends_[i] - tensors_[i].bytes();
    if (tensor_begin >= frame_end)
      break;
    const std::uint64_t begin = std::max(tensor_begin, frame.raw_offset), end = std::min(ends_[i], frame_end);
    if (wanted[i] && begin < end)
      visit(tensors_[i], begin, end);
  }
}

void PackedWeights::read(const std::function<bool(const TensorInfo&)>& is_wanted,
                         const std::function<void(const TensorChunk&)>& sink, int threads) {
  std::vector<bool> wanted;
  for (const TensorInfo& tensor : tensors_)
    wanted.push_back(is_wanted(tensor));
  std::vector<std::size_t> needed;
  const std::vector<Frame>& frames = reader_.record().frames;
  for (std::size_t i = 1; i < frames.size(); ++i) {
    bool any = false;
    for_each_piece(frames[i], wanted, [&](const TensorInfo&, std::uint64_t, std::uint64_t) { any = true; });
    if (any)
      needed.push_back(i);
  }
  parallel_for(needed.size(), std::max(threads, kReaders), [&](std::size_t n) {
    const Frame& frame = frames[needed[n]];
    thread_local FrameMemory memory;
    const std::span<const std::byte> raw = reader_.read(needed[n], memory);
    for_each_piece(frame, wanted, [&](const TensorInfo& tensor, std::uint64_t begin, std::uint64_t end) {
      const std::uint64_t tensor_begin = ends_[static_cast<std::size_t>(&tensor - tensors_.data())] - tensor.bytes();
      sink(
          {tensor, (begin - tensor_begin) / size_of(tensor.dtype), raw.subspan(begin - frame.raw_offset, end - begin)});
    });
  });
}

} // namespace

std::unique_ptr<WeightSource> open_packed_weights(FrameReader reader, DType dtype) {
  const std::filesystem::path path = reader.file().path();
  try {
    return std::make_unique<PackedWeights>(std::move(reader), dtype);
  } catch (const InputError& error) {
    throw PackageError(path, "has no safetensors header in frame 0 (" + std::string(error.what()) + ")",
                       "Pack the models again");
  }
}

} // namespace sciexam::inline package

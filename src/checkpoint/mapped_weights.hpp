// Tensors that lie uncompressed in one file.
#pragma once

#include "checkpoint/weight_source.hpp"
#include "support/files/files.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace sciexam {

/// Streams tensors from a mapped file. Two tensors may share bytes (tied weights).
class MappedWeights : public WeightSource {
public:
  /// offsets[i] is that of tensors[i]'s first byte. Throws InternalError if a tensor does not lie inside the file.
  MappedWeights(MappedFile file, std::vector<TensorInfo> tensors, std::vector<std::uint64_t> offsets);

  const std::vector<TensorInfo>& tensors() const override { return tensors_; }
  std::string description() const override { return file_.path().string(); }
  void read(const std::function<bool(const TensorInfo&)>& wanted, const std::function<void(const TensorChunk&)>& sink,
            int threads) override;

private:
  MappedFile file_;
  std::vector<TensorInfo> tensors_;
  std::vector<std::uint64_t> offsets_;
};

} // namespace sciexam

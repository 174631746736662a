// Tensors that lie uncompressed in one file.
#pragma once

#include "checkpoint/weight_source.hpp"
#include "support/files/files.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace sciexam::inline checkpoint {

/// Where a tensor's elements lie in a file.
struct TensorPlace {
  std::uint64_t offset = 0;               ///< of its first byte
  std::vector<std::int64_t> strides = {}; ///< in elements, one for each size of its shape, 0 or more; empty: row-major
};

/// Streams tensors from a mapped file, in row-major order. Two tensors may share bytes (tied weights).
class MappedWeights : public WeightSource {
public:
  /// places[i] is that of tensors[i]. Throws InternalError if a tensor does not lie inside the file.
  MappedWeights(MappedFile file, std::vector<TensorInfo> tensors, std::vector<TensorPlace> places);

  const std::vector<TensorInfo>& tensors() const override { return tensors_; }
  std::string description() const override { return file_.path().string(); }
  void read(const std::function<bool(const TensorInfo&)>& wanted, const std::function<void(const TensorChunk&)>& sink,
            int threads) override;

private:
  MappedFile file_;
  std::vector<TensorInfo> tensors_;
  std::vector<TensorPlace> places_;
};

} // namespace sciexam::inline checkpoint

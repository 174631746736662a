// All that a training holds on a device, and the operations that forward and backward pass are made of.
#pragma once

#include "gpu/driver/driver.hpp"
#include "gpu/training/training_batch.hpp"
#include "gpu/training/training_buffers.hpp"
#include "gpu/training/training_kernels.hpp"
#include "gpu/training/training_layout.hpp"
#include "gpu/training/training_setup.hpp"
#include "kernels/dropout_mask.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace sciexam::inline gpu {

/// `count` f16 elements further.
inline driver::Pointer skip_halves(driver::Pointer address, std::int64_t count) {
  return address + 2ULL * static_cast<std::uint64_t>(count);
}

class TrainingStream {
public:
  explicit TrainingStream(const GpuDevice& device);
  TrainingStream(const TrainingStream&) = delete;
  TrainingStream& operator=(const TrainingStream&) = delete;
  ~TrainingStream();
  operator driver::Stream() const noexcept { return stream_; } // NOLINT(google-explicit-constructor): it stands for it

private:
  const GpuDevice& device_;
  driver::Stream stream_ = nullptr;
};

struct TrainingState {
  TrainingState(const GpuDevice& on, const std::string& ptx, const NetworkShape& network, const TrainingSetup& how,
                const DeviceLimits& most, std::span<const std::uint16_t> rows_by_distance);

  const GpuDevice& device;
  NetworkShape shape;
  TrainingSetup setup;
  DeviceLimits limits;
  std::vector<std::uint16_t> rows;
  DeviceKernels module;
  TrainingKernels kernels{module};
  TrainingLayout layout;
  DeviceMemory memory;
  Arena arena;
  TrainingArrays arrays;
  TrainingBuffers buffers;
  TrainingBatch batch;
  TrainingStream stream;
  std::optional<TrainingPass> pass; ///< of the batch; nothing: without dropout
  bool has_gradients = false;       ///< those of an earlier batch of this step: what comes is added to them

  /// Draws the mask of one place; valid until the next is drawn.
  DeviceDropout draw(DropoutSite site, std::size_t layer, std::int64_t elements, double probability) const;

  /// y = x w^T + bias; the caller adds what follows.
  TrainingProduct linear(driver::Pointer x, const LinearPlace& linear, driver::Pointer y, int rows) const;
  /// dx = dy w.
  TrainingProduct input_gradient(driver::Pointer dy, const LinearPlace& linear, driver::Pointer dx, int rows) const;
  void run(ProductKind kind, const TrainingProduct& product, int batches = 1) const {
    kernels.product(kind, product, batches, stream);
  }
  /// The gradients of a linear layer's weight and, if it has one, bias, from that of its result.
  void add_weight_gradient(driver::Pointer dy, driver::Pointer x, const LinearPlace& linear, int rows, bool add,
                           bool bias = true) const;
  /// y and, unless it is 0, `wide` (f32) = LayerNorm(x), x f32.
  void norm(driver::Pointer x, const NormPlace& norm, driver::Pointer y, driver::Pointer wide,
            driver::Pointer statistics, int rows) const;
  /// dx from dy, and dropped = dx with dropout if that is another address; and the gradients of the norm's parameters.
  void norm_gradient(driver::Pointer x, driver::Pointer statistics, const NormPlace& norm, driver::Pointer dy,
                     driver::Pointer dx, driver::Pointer dropped, const DeviceDropout& dropout, int rows) const;
  void clear(driver::Pointer address, std::uint64_t bytes) const;

  /// The rows of the (normed) table of relative positions that are in reach, before dropout.
  driver::Pointer relative_in_reach() const;
  /// What attention's kernels are told of layer `i`; strips are set where there are terms.
  TrainingAttention attention(const LayerActivations& layer) const;
  /// Projects a layer's tables and makes its strips.
  void make_tables(std::size_t i) const;
  void make_strips(const LayerActivations& layer) const;
};

} // namespace sciexam::inline gpu

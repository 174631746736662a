// What describes a batch of a training on the device, besides its token ids: everything that the host computes of it.
#pragma once

#include "gpu/device_batch.hpp"
#include "gpu/driver/driver.hpp"
#include "gpu/network_shape.hpp"
#include "gpu/training/training_buffers.hpp"

#include <cstddef>
#include <cstdint>
#include <span>

namespace sciexam::inline gpu {

class TrainingBatch : public BatchPlaces {
public:
  /// rows_by_distance: as DeviceNetwork takes it; borrowed.
  TrainingBatch(const GpuDevice& device, const NetworkShape& shape, const DeviceLimits& limits,
                std::span<const std::uint16_t> rows_by_distance, Arena& arena);
  TrainingBatch(const TrainingBatch&) = delete;
  TrainingBatch& operator=(const TrainingBatch&) = delete;
  ~TrainingBatch();

  /// Starts copying a batch to the device; nothing may still read the one before. Throws InternalError if it exceeds
  /// limits or shape.
  void take(const DeviceBatch& batch, driver::Stream stream);

  int tokens = 0, sequences = 0, blocks = 0;
  int first_row = 0, table_rows = 0;   ///< of the table of relative positions: those in reach of the longest sequence
  int strip_rows = 0;                  ///< table_rows, rounded up to a multiple of 8
  std::uint64_t probabilities = 0;     ///< attention's, of all heads and sequences; each sequence's begin at a word
  driver::Pointer row_of_distance = 0; ///< of the distance 0, see TrainingAttention
  /// The different rows of the word embeddings that are looked up, ascending.
  std::span<const std::int32_t> word_rows() const {
    return {host<const std::int32_t>(words.rows), static_cast<std::size_t>(words.count)};
  }

private:
  template <class T>
  T* host(driver::Pointer address) const {
    return reinterpret_cast<T*>(host_ + (address - ids));
  }
  void describe_sequences(std::span<const std::int32_t> offsets);
  void describe_distances(int longest);
  void sort_tokens(std::span<const std::int32_t> rows, LookedUpRows& sorted);

  const GpuDevice& device_;
  NetworkShape shape_;
  DeviceLimits limits_;
  std::span<const std::uint16_t> rows_by_distance_;
  std::byte* host_ = nullptr; ///< pinned; the same layout as on the device
};

} // namespace sciexam::inline gpu

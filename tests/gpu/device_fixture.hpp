// A device for tests, on the emulated driver, and arrays of f16 to copy there and back.
#pragma once

#include "gpu/network/device_kernels.hpp"
#include "gpu/training/training_kernels.hpp"

#include <cstdint>
#include <vector>

namespace sciexam::test {

/// Device 0 of the emulated driver (of SCIEXAM_CUDA_LIBRARY, if set), opened once in a process.
const GpuDevice& device();

/// The kernels for it.
DeviceKernels& device_kernels();

/// Those of training.
const TrainingKernels& training_kernels();

/// Numbers as the device stores them: rounded to f16, or f32.
using Numbers = std::vector<float>;

/// rows * columns.
inline std::size_t area(int rows, int columns) {
  return static_cast<std::size_t>(rows) * static_cast<std::size_t>(columns);
}

/// `count` normally distributed numbers, rounded to f16 or not, always the same for a seed.
Numbers random_halves(std::size_t count, unsigned seed, float deviation = 1);
Numbers random_floats(std::size_t count, unsigned seed, float deviation = 1);

/// Each row of `width` numbers as two rows of f16: the rounded numbers, then the remainders.
Numbers in_parts(const Numbers& rows, std::size_t width);
/// The numbers of such rows.
Numbers joined(const Numbers& rows, std::size_t width);

/// An array on the device, freed by the destructor.
class DeviceArray {
public:
  static DeviceArray halves(const Numbers& values);
  static DeviceArray floats(const Numbers& values);
  template <class T>
  static DeviceArray integers(const std::vector<T>& values) {
    return {values.data(), values.size() * sizeof(T)};
  }

  driver::Pointer address() const { return memory_.address(); }
  operator driver::Pointer() const { return address(); } // NOLINT: that is what it is

  /// After everything has run. Not of integers.
  Numbers read() const;

private:
  DeviceArray(const void* data, std::size_t bytes);

  bool halves_ = false;
  DeviceMemory memory_;
};

/// The largest difference in units of f16's step at 1 or, for larger numbers, at the number; infinite for a NaN.
double halves_apart(const Numbers& found, const std::vector<double>& expected);

} // namespace sciexam::test

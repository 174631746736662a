#include "gpu/device_fixture.hpp"

#include "checkpoint/weight_source.hpp"
#include "gpu/network/kernel_images.hpp"

#include <cmath>
#include <cstdlib>
#include <cstring>
#include <random>

namespace sciexam::test {
namespace {

std::vector<std::byte> half_bytes(const Numbers& values) {
  std::vector<std::byte> bytes(values.size() * 2);
  convert_from_f32(DType::f16, values, bytes);
  return bytes;
}

} // namespace

const GpuDevice& device() {
  static const GpuDevice device(
      [] {
        const char* given = std::getenv("SCIEXAM_CUDA_LIBRARY");
        return open_driver(given != nullptr ? given : SCIEXAM_EMULATED_DRIVER);
      }(),
      0);
  return device;
}

DeviceKernels& device_kernels() {
  static DeviceKernels kernels(device(), kernel_image(device().compute_capability()));
  return kernels;
}

const TrainingKernels& training_kernels() {
  static const TrainingKernels kernels(device_kernels());
  return kernels;
}

Numbers random_floats(std::size_t count, unsigned seed, float deviation) {
  std::mt19937 generator(seed);
  std::normal_distribution<float> normal(0, deviation);
  Numbers values(count);
  for (float& value : values)
    value = normal(generator);
  return values;
}

Numbers random_halves(std::size_t count, unsigned seed, float deviation) {
  Numbers values = random_floats(count, seed, deviation);
  convert_to_f32(DType::f16, half_bytes(values), values);
  return values;
}

Numbers in_parts(const Numbers& rows, std::size_t width) {
  Numbers rounded = rows, parts(2 * rows.size());
  convert_to_f32(DType::f16, half_bytes(rows), rounded);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const std::size_t at = i / width * 2 * width + i % width;
    parts[at] = rounded[i];
    parts[at + width] = rows[i] - rounded[i];
  }
  return parts;
}

Numbers joined(const Numbers& rows, std::size_t width) {
  Numbers numbers(rows.size() / 2);
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    const std::size_t at = i / width * 2 * width + i % width;
    numbers[i] = rows[at] + rows[at + width];
  }
  return numbers;
}

DeviceArray::DeviceArray(const void* data, std::size_t bytes) : memory_(device(), bytes) {
  device().check(device().driver().memcpy_htod(address(), data, bytes), "copying a test's data");
}

DeviceArray DeviceArray::halves(const Numbers& values) {
  DeviceArray array(half_bytes(values).data(), values.size() * 2);
  array.halves_ = true;
  return array;
}

DeviceArray DeviceArray::floats(const Numbers& values) {
  return {values.data(), values.size() * 4};
}

Numbers DeviceArray::read() const {
  device().check(device().driver().ctx_synchronize(), "running a test's kernel");
  std::vector<std::byte> bytes(memory_.bytes());
  device().check(device().driver().memcpy_dtoh(bytes.data(), address(), bytes.size()), "reading results");
  const DType type = halves_ ? DType::f16 : DType::f32;
  Numbers values(bytes.size() / size_of(type));
  convert_to_f32(type, bytes, values);
  return values;
}

double halves_apart(const Numbers& found, const std::vector<double>& expected) {
  double worst = found.size() == expected.size() ? 0 : INFINITY;
  for (std::size_t i = 0; i < found.size() && i < expected.size(); ++i) {
    const double step = std::exp2(std::floor(std::log2(std::max(1.0, std::abs(expected[i])))) - 10);
    const double apart = std::abs(found[i] - expected[i]) / step;
    worst = std::max(worst, std::isfinite(apart) ? apart : INFINITY);
  }
  return worst;
}

} // namespace sciexam::test

// NVIDIA's driver, found at run time, and one device of it.
#pragma once

#include "gpu/device_error.hpp"
#include "gpu/driver/driver_api.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace sciexam::inline gpu {

/// Loads `library`, looks up every function and calls cuInit. Throws DeviceError (no_driver) that says what is missing,
/// too old or not permitted. The library stays loaded for the life of the process.
driver::Functions open_driver(const char* library = "libcuda.so.1");

/// How many devices there are, usable or not. Throws DeviceError.
int device_count(const driver::Functions& functions);

/// One device with a context that is current in the thread that made it. All other calls belong in that thread.
class GpuDevice {
public:
  /// Throws DeviceError. The device needs compute capability 7.5.
  GpuDevice(const driver::Functions& functions, int ordinal);
  GpuDevice(const GpuDevice&) = delete;
  GpuDevice& operator=(const GpuDevice&) = delete;
  ~GpuDevice();

  const driver::Functions& driver() const noexcept { return driver_; }
  int ordinal() const noexcept { return ordinal_; }
  const std::string& name() const noexcept { return name_; }      ///< such as "Tesla T4"
  int compute_capability() const noexcept { return capability_; } ///< 75, 80, ...
  int multiprocessors() const noexcept { return multiprocessors_; }
  /// Bytes that are free now, and in total.
  std::size_t free_memory() const;
  std::size_t total_memory() const noexcept { return total_memory_; }

  /// Throws DeviceError if `result` is not success: "GPU 0 (Tesla T4): WHAT: CUDA_ERROR_...: text".
  void check(driver::Result result, std::string_view what) const;

private:
  driver::Functions driver_;
  int ordinal_;
  std::string name_;
  int capability_ = 0, multiprocessors_ = 0;
  std::size_t total_memory_ = 0;
  driver::Context context_ = nullptr;
};

/// Memory of a device, freed by the destructor. Move-only.
class DeviceMemory {
public:
  DeviceMemory() = default;
  /// Throws DeviceError (out_of_memory).
  DeviceMemory(const GpuDevice& device, std::size_t bytes);
  DeviceMemory(DeviceMemory&& other) noexcept;
  DeviceMemory& operator=(DeviceMemory&& other) noexcept;
  ~DeviceMemory();

  driver::Pointer address(std::size_t offset = 0) const noexcept { return address_ + offset; }
  std::size_t bytes() const noexcept { return bytes_; }

private:
  const GpuDevice* device_ = nullptr;
  driver::Pointer address_ = 0;
  std::size_t bytes_ = 0;
};

} // namespace sciexam::inline gpu

#include "gpu/driver/driver.hpp"

#include "support/files/descriptor.hpp"

#include <cerrno>
#include <utility>

#include <dlfcn.h>
#include <fcntl.h>

namespace sciexam::inline gpu {
namespace {

constexpr int kLeastCapability = 75;
constexpr int kLeastVersion = 11000; ///< CUDA 11.0, driver 450: takes PTX 7.0

std::string error_text(const driver::Functions& functions, driver::Result result) {
  const char *name = nullptr, *text = nullptr;
  std::string said = "CUDA error " + std::to_string(static_cast<int>(result));
  if (functions.get_error_name(result, &name) == driver::Result::success && name != nullptr)
    said = name;
  if (functions.get_error_string(result, &text) == driver::Result::success && text != nullptr)
    said += std::string(" (") + text + ")";
  return said;
}

DeviceFault fault_of(driver::Result result) {
  switch (result) {
  case driver::Result::out_of_memory:
    return DeviceFault::out_of_memory;
  case driver::Result::no_device:
  case driver::Result::invalid_device:
  case driver::Result::device_unavailable:
    return DeviceFault::no_device;
  case driver::Result::stub_library:
  case driver::Result::system_driver_mismatch:
  case driver::Result::system_not_ready:
    return DeviceFault::no_driver;
  case driver::Result::invalid_image:
  case driver::Result::no_binary_for_gpu:
  case driver::Result::invalid_ptx:
  case driver::Result::jit_compiler_not_found:
  case driver::Result::unsupported_ptx_version:
    return DeviceFault::unsupported;
  case driver::Result::invalid_value:
  case driver::Result::invalid_handle:
  case driver::Result::not_found:
  case driver::Result::illegal_address:
  case driver::Result::launch_out_of_resources:
  case driver::Result::launch_timeout:
  case driver::Result::hardware_stack_error:
  case driver::Result::illegal_instruction:
  case driver::Result::misaligned_address:
  case driver::Result::launch_failed:
    return DeviceFault::launch_failed;
  default:
    return DeviceFault::device_lost;
  }
}

template <class Function>
void look_up(void* library, const char* symbol, Function& function) {
  function = reinterpret_cast<Function>(dlsym(library, symbol));
  if (function == nullptr)
    throw DeviceError(DeviceFault::no_driver, std::string("NVIDIA's driver lacks ") + symbol +
                                                  ", which every driver since 450 has. Update it, or use --device cpu");
}

/// ": ..." if this process may not open the driver's device files; empty where they are elsewhere.
std::string missing_permission() {
  for (const char* file : {"/dev/nvidiactl", "/dev/nvidia0"})
    if (const Descriptor device(::open(file, O_RDWR | O_CLOEXEC)); !device && (errno == EACCES || errno == EPERM))
      return std::string(": no permission to use ") + file;
  return {};
}

} // namespace

driver::Functions open_driver(const char* library) {
  void* handle = dlopen(library, RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) {
    const char* reason = dlerror();
    throw DeviceError(DeviceFault::no_driver,
                      std::string("no NVIDIA driver: ") + (reason == nullptr ? library : reason));
  }
  driver::Functions functions;
#define SCIEXAM_LOOK_UP(member, symbol, parameters) look_up(handle, symbol, functions.member);
  SCIEXAM_DRIVER_FUNCTIONS(SCIEXAM_LOOK_UP)
#undef SCIEXAM_LOOK_UP
  if (const driver::Result result = functions.init(0); result != driver::Result::success)
    throw DeviceError(DeviceFault::no_driver,
                      "NVIDIA's driver does not start: " + error_text(functions, result) + missing_permission());
  int version = 0;
  if (functions.driver_get_version(&version) == driver::Result::success && version < kLeastVersion)
    throw DeviceError(DeviceFault::no_driver,
                      "NVIDIA's driver is for CUDA " + std::to_string(version / 1000) + "." +
                          std::to_string(version % 1000 / 10) +
                          ", and 11.0 (driver 450) is the minimum. Update it, or use --device cpu");
  return functions;
}

int device_count(const driver::Functions& functions) {
  int count = 0;
  if (const driver::Result result = functions.device_get_count(&count); result != driver::Result::success)
    throw DeviceError(fault_of(result), "NVIDIA's driver does not count its devices: " + error_text(functions, result));
  return count;
}

GpuDevice::GpuDevice(const driver::Functions& functions, int ordinal) : driver_(functions), ordinal_(ordinal) {
  name_ = "?";
  driver::Device device = 0;
  const int count = device_count(driver_);
  if (ordinal < 0 || ordinal >= count)
    throw DeviceError(DeviceFault::no_device,
                      "no such device: the driver has " + std::to_string(count) + ", counted from 0");
  check(driver_.device_get(&device, ordinal), "finding the device");
  char name[256] = {};
  check(driver_.device_get_name(name, sizeof(name) - 1, device), "asking for its name");
  name_ = name;
  const auto attribute = [&](driver::DeviceAttribute which) {
    int value = 0;
    check(driver_.device_get_attribute(&value, which, device), "asking for an attribute");
    return value;
  };
  capability_ = attribute(driver::DeviceAttribute::compute_capability_major) * 10 +
                attribute(driver::DeviceAttribute::compute_capability_minor);
  multiprocessors_ = attribute(driver::DeviceAttribute::multiprocessors);
  if (capability_ < kLeastCapability)
    throw DeviceError(DeviceFault::unsupported, "GPU " + std::to_string(ordinal) + " (" + name_ +
                                                    ") has compute capability " + std::to_string(capability_ / 10) +
                                                    "." + std::to_string(capability_ % 10) +
                                                    ", and 7.5 is the minimum");
  check(driver_.device_total_mem(&total_memory_, device), "asking for its memory");
  check(driver_.ctx_create(&context_, driver::kContextBlockingSync, device), "opening the device");
}

GpuDevice::~GpuDevice() {
  if (context_ != nullptr)
    driver_.ctx_destroy(context_);
}

std::size_t GpuDevice::free_memory() const {
  std::size_t free = 0, total = 0;
  check(driver_.mem_get_info(&free, &total), "asking for free memory");
  return free;
}

void GpuDevice::check(driver::Result result, std::string_view what) const {
  if (result == driver::Result::success)
    return;
  const DeviceFault fault = fault_of(result);
  const bool taken = fault == DeviceFault::out_of_memory || fault == DeviceFault::no_device;
  throw DeviceError(fault, "GPU " + std::to_string(ordinal_) + " (" + name_ + "): " + std::string(what) + ": " +
                               error_text(driver_, result) + (taken ? ". `nvidia-smi` lists what else uses it" : ""));
}

DeviceMemory::DeviceMemory(const GpuDevice& device, std::size_t bytes) : device_(&device), bytes_(bytes) {
  device.check(device.driver().mem_alloc(&address_, bytes), "allocating " + std::to_string((bytes >> 20) + 1) + " MiB");
}

DeviceMemory::DeviceMemory(DeviceMemory&& other) noexcept
    : device_(other.device_), address_(std::exchange(other.address_, 0)), bytes_(std::exchange(other.bytes_, 0)) {}

DeviceMemory& DeviceMemory::operator=(DeviceMemory&& other) noexcept {
  std::swap(device_, other.device_);
  std::swap(address_, other.address_);
  std::swap(bytes_, other.bytes_);
  return *this;
}

DeviceMemory::~DeviceMemory() {
  if (address_ != 0)
    device_->driver().mem_free(address_);
}

} // namespace sciexam::inline gpu

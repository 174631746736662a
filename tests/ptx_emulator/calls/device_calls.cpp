// Calls about the driver, its devices and their contexts.
#include "ptx_emulator/calls/machine.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <iostream>

using namespace sciexam::cuda;
using sciexam::emulated::context;
using sciexam::emulated::current_context;
using sciexam::emulated::FaultKind;
using sciexam::emulated::guarded;
using sciexam::emulated::Machine;
using sciexam::emulated::require;

namespace {

struct ResultText {
  Result result;
  const char* name;
  const char* text;
};
constexpr std::array<ResultText, 22> kResults = {{
    {kSuccess, "CUDA_SUCCESS", "no error"},
    {kInvalidValue, "CUDA_ERROR_INVALID_VALUE", "invalid argument"},
    {kOutOfMemory, "CUDA_ERROR_OUT_OF_MEMORY", "out of memory"},
    {kNotInitialized, "CUDA_ERROR_NOT_INITIALIZED", "initialization error"},
    {kDeviceUnavailable, "CUDA_ERROR_DEVICE_UNAVAILABLE", "CUDA-capable device(s) is/are busy or unavailable"},
    {kNoDevice, "CUDA_ERROR_NO_DEVICE", "no CUDA-capable device is detected"},
    {kInvalidDevice, "CUDA_ERROR_INVALID_DEVICE", "invalid device ordinal"},
    {kInvalidContext, "CUDA_ERROR_INVALID_CONTEXT", "invalid device context"},
    {kNoBinaryForGpu, "CUDA_ERROR_NO_BINARY_FOR_GPU", "no kernel image is available for execution on the device"},
    {kInvalidPtx, "CUDA_ERROR_INVALID_PTX", "a PTX JIT compilation failed"},
    {kUnsupportedPtxVersion, "CUDA_ERROR_UNSUPPORTED_PTX_VERSION",
     "the provided PTX was compiled with an unsupported toolchain."},
    {kInvalidHandle, "CUDA_ERROR_INVALID_HANDLE", "invalid resource handle"},
    {kNotFound, "CUDA_ERROR_NOT_FOUND", "named symbol not found"},
    {kNotReady, "CUDA_ERROR_NOT_READY", "device not ready"},
    {kIllegalAddress, "CUDA_ERROR_ILLEGAL_ADDRESS", "an illegal memory access was encountered"},
    {kLaunchOutOfResources, "CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES", "too many resources requested for launch"},
    {kHostMemoryAlreadyRegistered, "CUDA_ERROR_HOST_MEMORY_ALREADY_REGISTERED", "memory is already registered"},
    {kHostMemoryNotRegistered, "CUDA_ERROR_HOST_MEMORY_NOT_REGISTERED", "memory is not registered"},
    {kIllegalInstruction, "CUDA_ERROR_ILLEGAL_INSTRUCTION", "an illegal instruction was encountered"},
    {kMisalignedAddress, "CUDA_ERROR_MISALIGNED_ADDRESS", "misaligned address"},
    {kLaunchFailed, "CUDA_ERROR_LAUNCH_FAILED", "unspecified launch failure"},
    {kUnknown, "CUDA_ERROR_UNKNOWN", "unknown error"},
}};

const ResultText* text_of(Result result) {
  const auto* const found =
      std::find_if(kResults.begin(), kResults.end(), [&](const ResultText& known) { return known.result == result; });
  return found == kResults.end() ? nullptr : found;
}

void require_device(const Machine& machine, Device device) {
  require(device >= 0 && device < machine.settings.devices, kInvalidDevice);
}

ContextObject* make_context(Machine& machine, Device device) {
  require_device(machine, device);
  require(!machine.settings.fails(FaultKind::Busy, device, ++machine.contexts_wanted[device]), kDeviceUnavailable);
  machine.contexts.push_back(std::make_unique<ContextObject>(device, machine.contexts_made++, machine.settings));
  return machine.contexts.back().get();
}

using Contexts = std::vector<std::unique_ptr<ContextObject>>;

Contexts::iterator find_context(Machine& machine, Context wanted) {
  return std::find_if(machine.contexts.begin(), machine.contexts.end(),
                      [&](const auto& known) { return known.get() == wanted; });
}

Contexts::iterator primary_of(Machine& machine, Device device) {
  return std::find_if(machine.contexts.begin(), machine.contexts.end(),
                      [&](const auto& known) { return known->device == device && known->retained > 0; });
}

/// A T4 (7.5) or an A100 (8.0).
int attribute_of(const Machine& machine, DeviceAttribute attribute, Device device) {
  const unsigned capability = machine.settings.capability;
  const bool turing = capability < 80;
  switch (attribute) {
  case kMaxThreadsPerBlock:
    return 1024;
  case kMaxGridX:
    return 2147483647;
  case kMaxSharedPerBlock:
    return 48 << 10;
  case kWarpSize:
    return 32;
  case kMaxRegistersPerBlock:
  case kMaxRegistersPerMultiprocessor:
    return 65536;
  case kClockRate:
    return turing ? 1590000 : 1410000;
  case kMultiprocessorCount:
    return turing ? 40 : 108;
  case kMemoryClockRate:
    return turing ? 5001000 : 1215000;
  case kMemoryBusWidth:
    return turing ? 256 : 5120;
  case kL2CacheSize:
    return (turing ? 4 : 40) << 20;
  case kMaxThreadsPerMultiprocessor:
    return turing ? 1024 : 2048;
  case kPciBus:
    return 4 + device;
  case kAsyncEngineCount:
    return 3;
  case kUnifiedAddressing:
    return 1;
  case kComputeCapabilityMajor:
    return static_cast<int>(capability / 10);
  case kComputeCapabilityMinor:
    return static_cast<int>(capability % 10);
  case kMaxSharedPerMultiprocessor:
    return (turing ? 64 : 164) << 10;
  case kMaxSharedPerBlockOptin:
    return (turing ? 64 : 163) << 10;
  case kIntegrated:
  case kPciDevice:
    return 0;
  }
  throw sciexam::emulated::CallError{kInvalidValue};
}

} // namespace

extern "C" {

Result cuInit(unsigned flags) {
  Machine& machine = Machine::instance();
  const std::lock_guard lock(machine.mutex);
  if (flags != 0)
    return kInvalidValue;
  try {
    machine.settings = sciexam::emulated::settings_from_environment();
  } catch (const std::exception& error) {
    std::cerr << "emulated device: " << error.what() << '\n';
    return kUnknown;
  }
  if (machine.settings.devices == 0)
    return kNoDevice;
  machine.contexts_wanted.clear();
  machine.ready = true;
  return kSuccess;
}

Result cuDriverGetVersion(int* version) {
  return guarded([&](Machine& machine) { *version = machine.settings.driver_version; });
}

Result cuGetErrorName(Result result, const char** name) {
  const ResultText* const known = text_of(result);
  *name = known == nullptr ? nullptr : known->name;
  return known == nullptr ? kInvalidValue : kSuccess;
}

Result cuGetErrorString(Result result, const char** text) {
  const ResultText* const known = text_of(result);
  *text = known == nullptr ? nullptr : known->text;
  return known == nullptr ? kInvalidValue : kSuccess;
}

Result cuDeviceGetCount(int* count) {
  return guarded([&](Machine& machine) { *count = machine.settings.devices; });
}

Result cuDeviceGet(Device* device, int ordinal) {
  return guarded([&](Machine& machine) {
    require_device(machine, ordinal);
    *device = ordinal;
  });
}

Result cuDeviceGetName(char* name, int bytes, Device device) {
  return guarded([&](Machine& machine) {
    require_device(machine, device);
    require(bytes > 0, kInvalidValue);
    const std::string text = "Emulated " + std::string(machine.settings.capability < 80 ? "T4" : "A100");
    std::strncpy(name, text.c_str(), static_cast<std::size_t>(bytes));
    name[bytes - 1] = '\0';
  });
}

Result cuDeviceGetAttribute(int* value, DeviceAttribute attribute, Device device) {
  return guarded([&](Machine& machine) {
    require_device(machine, device);
    *value = attribute_of(machine, attribute, device);
  });
}

Result cuDeviceTotalMem_v2(std::size_t* bytes, Device device) {
  return guarded([&](Machine& machine) {
    require_device(machine, device);
    *bytes = machine.settings.memory;
  });
}

Result cuDevicePrimaryCtxRetain(Context* result, Device device) {
  return guarded([&](Machine& machine) {
    const auto primary = primary_of(machine, device);
    *result = primary != machine.contexts.end() ? primary->get() : make_context(machine, device);
    ++(*result)->retained;
  });
}

Result cuDevicePrimaryCtxRelease_v2(Device device) {
  return guarded([&](Machine& machine) {
    require_device(machine, device);
    const auto primary = primary_of(machine, device);
    require(primary != machine.contexts.end(), kInvalidContext);
    if (--(*primary)->retained == 0)
      machine.contexts.erase(primary);
  });
}

Result cuCtxCreate_v2(Context* result, unsigned, Device device) {
  return guarded([&](Machine& machine) { *result = current_context() = make_context(machine, device); });
}

Result cuCtxDestroy_v2(Context destroyed) {
  return guarded([&](Machine& machine) {
    const auto found = find_context(machine, destroyed);
    require(found != machine.contexts.end() && destroyed->retained == 0, kInvalidContext);
    machine.contexts.erase(found);
    if (current_context() == destroyed)
      current_context() = nullptr;
  });
}

Result cuCtxSetCurrent(Context wanted) {
  return guarded([&](Machine& machine) {
    require(wanted == nullptr || find_context(machine, wanted) != machine.contexts.end(), kInvalidContext);
    current_context() = wanted;
  });
}

Result cuCtxGetCurrent(Context* result) {
  return guarded([&](Machine&) { *result = current_context(); });
}

} // extern "C"

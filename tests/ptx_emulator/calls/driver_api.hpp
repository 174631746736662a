// The types, constants and functions of the CUDA driver's interface that are emulated, from its reference manual; not
// shared with the program, so that each is held against the other.
#pragma once

#include <cstddef>
#include <cstdint>

namespace sciexam::cuda {

using Device = int;
using DevicePointer = std::uint64_t;
struct ContextObject;
struct ModuleObject;
struct FunctionObject;
struct StreamObject;
struct EventObject;
using Context = ContextObject*;
using Module = ModuleObject*;
using Function = FunctionObject*;
using Stream = StreamObject*; ///< null: the context's own stream
using Event = EventObject*;

/// CUresult
enum Result : int {
  kSuccess = 0,
  kInvalidValue = 1,
  kOutOfMemory = 2,
  kNotInitialized = 3,
  kDeviceUnavailable = 46,
  kNoDevice = 100,
  kInvalidDevice = 101,
  kInvalidContext = 201,
  kNoBinaryForGpu = 209,
  kInvalidPtx = 218,
  kUnsupportedPtxVersion = 222,
  kInvalidHandle = 400,
  kNotFound = 500,
  kNotReady = 600,
  kIllegalAddress = 700,
  kLaunchOutOfResources = 701,
  kHostMemoryAlreadyRegistered = 712,
  kHostMemoryNotRegistered = 713,
  kIllegalInstruction = 715,
  kMisalignedAddress = 716,
  kLaunchFailed = 719,
  kUnknown = 999,
};

/// CUdevice_attribute
enum DeviceAttribute : int {
  kMaxThreadsPerBlock = 1,
  kMaxGridX = 5,
  kMaxSharedPerBlock = 8,
  kWarpSize = 10,
  kMaxRegistersPerBlock = 12,
  kClockRate = 13, ///< kHz
  kMultiprocessorCount = 16,
  kIntegrated = 18,
  kMemoryClockRate = 36, ///< kHz
  kMemoryBusWidth = 37,  ///< bits
  kL2CacheSize = 38,
  kMaxThreadsPerMultiprocessor = 39,
  kPciBus = 33,
  kPciDevice = 34,
  kAsyncEngineCount = 40,
  kUnifiedAddressing = 41,
  kComputeCapabilityMajor = 75,
  kComputeCapabilityMinor = 76,
  kMaxSharedPerMultiprocessor = 81,
  kMaxRegistersPerMultiprocessor = 82,
  kMaxSharedPerBlockOptin = 97,
};

/// CUfunction_attribute
enum FunctionAttribute : int {
  kFunctionMaxThreads = 0,
  kFunctionStaticShared = 1,
  kFunctionConstant = 2,
  kFunctionLocal = 3,
  kFunctionRegisters = 4,
  kFunctionPtxVersion = 5,
  kFunctionBinaryVersion = 6,
  kFunctionMaxDynamicShared = 8,
  kFunctionSharedCarveout = 9,
};

/// CUjit_option; a value is passed as a pointer's bits.
enum JitOption : int {
  kJitInfoLog = 3,
  kJitInfoLogBytes = 4,
  kJitErrorLog = 5,
  kJitErrorLogBytes = 6,
};

constexpr unsigned kStreamNonBlocking = 1;
constexpr unsigned kEventDisableTiming = 2;
constexpr std::uintptr_t kLaunchParametersEnd = 0, kLaunchParameters = 1, kLaunchParametersBytes = 2;

extern "C" {
Result cuInit(unsigned flags);
Result cuDriverGetVersion(int* version); // 1000 major + 10 minor
Result cuGetErrorName(Result result, const char** name);
Result cuGetErrorString(Result result, const char** text);

Result cuDeviceGetCount(int* count);
Result cuDeviceGet(Device* device, int ordinal);
Result cuDeviceGetName(char* name, int bytes, Device device);
Result cuDeviceGetAttribute(int* value, DeviceAttribute attribute, Device device);
Result cuDeviceTotalMem_v2(std::size_t* bytes, Device device);
Result cuDevicePrimaryCtxRetain(Context* context, Device device);
Result cuDevicePrimaryCtxRelease_v2(Device device);
Result cuCtxCreate_v2(Context* context, unsigned flags, Device device);
Result cuCtxDestroy_v2(Context context);
Result cuCtxSetCurrent(Context context);
Result cuCtxGetCurrent(Context* context);
Result cuCtxSynchronize();

Result cuModuleLoadDataEx(Module* module, const void* image, unsigned count, JitOption* options, void** values);
Result cuModuleUnload(Module module);
Result cuModuleGetFunction(Function* function, Module module, const char* name);
Result cuModuleGetGlobal_v2(DevicePointer* address, std::size_t* bytes, Module module, const char* name);
Result cuFuncSetAttribute(Function function, FunctionAttribute attribute, int value);
Result cuFuncGetAttribute(int* value, FunctionAttribute attribute, Function function);

Result cuMemAlloc_v2(DevicePointer* address, std::size_t bytes);
Result cuMemFree_v2(DevicePointer address);
Result cuMemGetInfo_v2(std::size_t* free, std::size_t* total);
Result cuMemHostAlloc(void** address, std::size_t bytes, unsigned flags);
Result cuMemFreeHost(void* address);
Result cuMemHostRegister_v2(void* address, std::size_t bytes, unsigned flags);
Result cuMemHostUnregister(void* address);
Result cuMemcpyHtoD_v2(DevicePointer to, const void* from, std::size_t bytes);
Result cuMemcpyDtoH_v2(void* to, DevicePointer from, std::size_t bytes);
Result cuMemcpyDtoD_v2(DevicePointer to, DevicePointer from, std::size_t bytes);
Result cuMemcpyHtoDAsync_v2(DevicePointer to, const void* from, std::size_t bytes, Stream stream);
Result cuMemcpyDtoHAsync_v2(void* to, DevicePointer from, std::size_t bytes, Stream stream);
Result cuMemcpyDtoDAsync_v2(DevicePointer to, DevicePointer from, std::size_t bytes, Stream stream);
Result cuMemsetD8_v2(DevicePointer to, unsigned char value, std::size_t count);
Result cuMemsetD32_v2(DevicePointer to, unsigned value, std::size_t count);
Result cuMemsetD8Async(DevicePointer to, unsigned char value, std::size_t count, Stream stream);
Result cuMemsetD32Async(DevicePointer to, unsigned value, std::size_t count, Stream stream);

Result cuStreamCreate(Stream* stream, unsigned flags);
Result cuStreamDestroy_v2(Stream stream);
Result cuStreamSynchronize(Stream stream);
Result cuStreamQuery(Stream stream);
Result cuStreamWaitEvent(Stream stream, Event event, unsigned flags);
Result cuEventCreate(Event* event, unsigned flags);
Result cuEventDestroy_v2(Event event);
Result cuEventRecord(Event event, Stream stream);
Result cuEventSynchronize(Event event);
Result cuEventQuery(Event event);
Result cuEventElapsedTime(float* milliseconds, Event start, Event end);

Result cuLaunchKernel(Function function, unsigned grid_x, unsigned grid_y, unsigned grid_z, unsigned block_x,
                      unsigned block_y, unsigned block_z, unsigned shared_bytes, Stream stream, void** parameters,
                      void** extra);
}

} // namespace sciexam::cuda

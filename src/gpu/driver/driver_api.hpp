// The part of NVIDIA's driver API (libcuda.so.1) that we call, after its reference manual: symbols, numbers and layouts
// that every driver since 450 (CUDA 11.0) has. No NVIDIA header is needed to build.
#pragma once

#include <cstddef>
#include <cstdint>

namespace sciexam::inline gpu::driver {

/// CUresult. Other values occur too.
enum class Result : int {
  success = 0,
  invalid_value = 1,
  out_of_memory = 2,
  not_initialized = 3,
  deinitialized = 4,
  stub_library = 34,
  device_unavailable = 46,
  no_device = 100,
  invalid_device = 101,
  invalid_image = 200,
  invalid_context = 201,
  no_binary_for_gpu = 209,
  ecc_uncorrectable = 214,
  invalid_ptx = 218,
  nvlink_uncorrectable = 220,
  jit_compiler_not_found = 221,
  unsupported_ptx_version = 222,
  invalid_handle = 400,
  not_found = 500,
  not_ready = 600,
  illegal_address = 700,
  launch_out_of_resources = 701,
  launch_timeout = 702,
  context_is_destroyed = 709,
  hardware_stack_error = 714,
  illegal_instruction = 715,
  misaligned_address = 716,
  launch_failed = 719,
  not_permitted = 800,
  system_not_ready = 802,
  system_driver_mismatch = 803,
  unknown = 999,
};

using Device = int;                      ///< CUdevice: what an ordinal stands for
using Pointer = std::uint64_t;           ///< CUdeviceptr
using Context = struct OpaqueContext*;   ///< CUcontext
using Module = struct OpaqueModule*;     ///< CUmodule
using Function = struct OpaqueFunction*; ///< CUfunction
using Stream = struct OpaqueStream*;     ///< CUstream
using Event = struct OpaqueEvent*;       ///< CUevent

/// CUdevice_attribute.
enum class DeviceAttribute : int {
  multiprocessors = 16,
  shared_per_multiprocessor = 81, ///< bytes
  compute_capability_major = 75,
  compute_capability_minor = 76,
  shared_per_block_optin = 97, ///< bytes, with FunctionAttribute::dynamic_shared
};

/// CUfunction_attribute.
enum class FunctionAttribute : int {
  shared = 1, ///< static, bytes
  registers = 4,
  dynamic_shared = 8,  ///< maximum of a launch, bytes: more than 48 KiB must be set first
  shared_carveout = 9, ///< percent of the multiprocessor's memory to use as shared memory
};

/// CUjit_option; a value is passed as the pointer itself, a buffer as a pointer.
enum class JitOption : int {
  info_log = 3,
  info_log_size = 4,
  error_log = 5,
  error_log_size = 6, ///< in: the buffer's size; out: bytes written
};

constexpr unsigned kContextBlockingSync = 4; ///< CU_CTX_SCHED_BLOCKING_SYNC: waiting takes no CPU
constexpr unsigned kStreamNonBlocking = 1;   ///< CU_STREAM_NON_BLOCKING
constexpr unsigned kEventBlockingSync = 1;   ///< CU_EVENT_BLOCKING_SYNC
constexpr unsigned kEventDisableTiming = 2;  ///< CU_EVENT_DISABLE_TIMING

/// X(member, symbol, parameters) for each function; all return a Result.
#define SCIEXAM_DRIVER_FUNCTIONS(X)                                                                                    \
  X(init, "cuInit", (unsigned flags))                                                                                  \
  X(driver_get_version, "cuDriverGetVersion", (int* version))                                                          \
  X(get_error_name, "cuGetErrorName", (Result error, const char** name))                                               \
  X(get_error_string, "cuGetErrorString", (Result error, const char** text))                                           \
  X(device_get_count, "cuDeviceGetCount", (int* count))                                                                \
  X(device_get, "cuDeviceGet", (Device * device, int ordinal))                                                         \
  X(device_get_name, "cuDeviceGetName", (char* name, int size, Device device))                                         \
  X(device_total_mem, "cuDeviceTotalMem_v2", (std::size_t * bytes, Device device))                                     \
  X(device_get_attribute, "cuDeviceGetAttribute", (int* value, DeviceAttribute attribute, Device device))              \
  X(ctx_create, "cuCtxCreate_v2", (Context * context, unsigned flags, Device device))                                  \
  X(ctx_destroy, "cuCtxDestroy_v2", (Context context))                                                                 \
  X(ctx_set_current, "cuCtxSetCurrent", (Context context))                                                             \
  X(ctx_synchronize, "cuCtxSynchronize", ())                                                                           \
  X(module_load_data_ex, "cuModuleLoadDataEx",                                                                         \
    (Module * module, const void* image, unsigned options, JitOption* names, void** values))                           \
  X(module_unload, "cuModuleUnload", (Module module))                                                                  \
  X(module_get_function, "cuModuleGetFunction", (Function * function, Module module, const char* name))                \
  X(func_set_attribute, "cuFuncSetAttribute", (Function function, FunctionAttribute attribute, int value))             \
  X(mem_get_info, "cuMemGetInfo_v2", (std::size_t * free, std::size_t * total))                                        \
  X(mem_alloc, "cuMemAlloc_v2", (Pointer * pointer, std::size_t bytes))                                                \
  X(mem_free, "cuMemFree_v2", (Pointer pointer))                                                                       \
  X(mem_host_alloc, "cuMemHostAlloc", (void** pointer, std::size_t bytes, unsigned flags))                             \
  X(mem_free_host, "cuMemFreeHost", (void* pointer))                                                                   \
  X(memcpy_htod, "cuMemcpyHtoD_v2", (Pointer to, const void* from, std::size_t bytes))                                 \
  X(memcpy_dtoh, "cuMemcpyDtoH_v2", (void* to, Pointer from, std::size_t bytes))                                       \
  X(memcpy_htod_async, "cuMemcpyHtoDAsync_v2", (Pointer to, const void* from, std::size_t bytes, Stream stream))       \
  X(memcpy_dtoh_async, "cuMemcpyDtoHAsync_v2", (void* to, Pointer from, std::size_t bytes, Stream stream))             \
  X(memset_d8_async, "cuMemsetD8Async", (Pointer to, unsigned char value, std::size_t bytes, Stream stream))           \
  X(stream_create, "cuStreamCreate", (Stream * stream, unsigned flags))                                                \
  X(stream_destroy, "cuStreamDestroy_v2", (Stream stream))                                                             \
  X(stream_synchronize, "cuStreamSynchronize", (Stream stream))                                                        \
  X(event_create, "cuEventCreate", (Event * event, unsigned flags))                                                    \
  X(event_destroy, "cuEventDestroy_v2", (Event event))                                                                 \
  X(event_record, "cuEventRecord", (Event event, Stream stream))                                                       \
  X(event_query, "cuEventQuery", (Event event))                                                                        \
  X(event_synchronize, "cuEventSynchronize", (Event event))                                                            \
  X(event_elapsed_time, "cuEventElapsedTime", (float* milliseconds, Event start, Event end))                           \
  X(launch_kernel, "cuLaunchKernel",                                                                                   \
    (Function function, unsigned grid_x, unsigned grid_y, unsigned grid_z, unsigned block_x, unsigned block_y,         \
     unsigned block_z, unsigned shared_bytes, Stream stream, void** parameters, void** extra))

/// The functions, found by name (driver.hpp).
struct Functions {
// NOLINTNEXTLINE(bugprone-macro-parentheses): neither a name that is declared nor a list of parameters takes them
#define SCIEXAM_DRIVER_MEMBER(member, symbol, parameters) Result(*member) parameters = nullptr;
  SCIEXAM_DRIVER_FUNCTIONS(SCIEXAM_DRIVER_MEMBER)
#undef SCIEXAM_DRIVER_MEMBER
};

} // namespace sciexam::inline gpu::driver

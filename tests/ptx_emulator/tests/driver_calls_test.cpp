// The driver's calls, and the faults that it can be told to have.
#include "ptx_emulator/tests/lane_instruction.hpp"

#include <csignal>
#include <cstring>
#include <thread>

#include <catch2/matchers/catch_matchers_string.hpp>
#include <sys/wait.h>
#include <unistd.h>

using namespace sciexam::test;
using namespace sciexam::cuda;
using Catch::Matchers::ContainsSubstring;

namespace {

const std::string kStoreOne = module_head(75) + R"(
.visible .entry k(.param .u64 out)
{
  .reg .b64 %p;
  ld.param.u64 %p, [out];
  st.global.u32 [%p], 1;
  ret;
})";

const std::string kNothing = module_head(75) + ".visible .entry k()\n{\nret;\n}";

} // namespace

TEST_CASE("devices are what the environment says") {
  const EmulatedDevice device(
      EmulatedDevice::Settings{{"DEVICES", "2"}, {"CAPABILITY", "7.5"}, {"MEMORY", "1000000"}, {"DRIVER", "11.8"}});
  int count = 0, version = 0, value = 0;
  std::size_t bytes = 0;
  char name[32];
  CHECK(cuDeviceGetCount(&count) == kSuccess);
  CHECK(count == 2);
  CHECK(cuDriverGetVersion(&version) == kSuccess);
  CHECK(version == 11080);
  CHECK(cuDeviceTotalMem_v2(&bytes, 1) == kSuccess);
  CHECK(bytes == 1000000);
  CHECK(cuDeviceGetAttribute(&value, kComputeCapabilityMinor, 1) == kSuccess);
  CHECK(value == 5);
  CHECK(cuDeviceGetName(name, sizeof(name), 0) == kSuccess);
  CHECK(std::string(name) == "Emulated T4");
  CHECK(cuDeviceGet(&count, 2) == kInvalidDevice);
}

TEST_CASE("memory is limited, and freed once") {
  EmulatedDevice device(EmulatedDevice::Settings{{"MEMORY", "1000"}});
  DevicePointer first = 0, second = 0;
  std::size_t free = 0, total = 0;
  CHECK(cuMemAlloc_v2(&first, 900) == kSuccess);
  CHECK(cuMemAlloc_v2(&second, 200) == kOutOfMemory);
  CHECK(cuMemGetInfo_v2(&free, &total) == kSuccess);
  CHECK(free == 100);
  CHECK(cuMemFree_v2(first + 4) == kInvalidValue);
  CHECK(cuMemFree_v2(first) == kSuccess);
  CHECK(cuMemFree_v2(first) == kInvalidValue);
  CHECK(cuMemAlloc_v2(&second, 1000) == kSuccess);
  CHECK(second != first);
}

TEST_CASE("copies and fills keep to their allocation, and what was never written is not copied out") {
  EmulatedDevice device;
  const DevicePointer a = device.upload(Words{1, 2, 3, 4}), b = device.allocate(16);
  Words host(4);
  CHECK(cuMemcpyDtoH_v2(host.data(), b, 16) == kInvalidValue);
  CHECK_THAT(device.report(), ContainsSubstring("never written"));
  CHECK(cuMemcpyDtoDAsync_v2(b + 4, a, 12, nullptr) == kSuccess);
  CHECK(cuMemcpyDtoH_v2(host.data(), b + 4, 12) == kSuccess);
  CHECK(host == Words{1, 2, 3, 0});
  CHECK(cuMemsetD32Async(b, 7, 2, nullptr) == kSuccess);
  CHECK(cuMemsetD8Async(b + 8, 0x11, 4, nullptr) == kSuccess);
  CHECK(cuMemcpyDtoHAsync_v2(host.data(), b, 16, nullptr) == kSuccess);
  CHECK(host == Words{7, 7, 0x11111111, 3});
  CHECK(cuMemcpyHtoD_v2(b + 4, host.data(), 16) == kInvalidValue);
  CHECK(cuMemsetD32Async(b + 2, 7, 1, nullptr) == kInvalidValue);
}

TEST_CASE("PTX that the interpreter does not accept is an error that shows the line") {
  EmulatedDevice device;
  const auto refused = [&](const std::string& code, const std::string& text) {
    const std::string ptx = module_head(75) +
                            ".visible .entry k()\n{\n.reg .b32 %r<4>;\n.reg .b64 %l;\n.reg .pred %p;\n" + code +
                            "\nret;\n}";
    Module module = nullptr;
    char log[200] = {};
    JitOption options[] = {kJitErrorLog, kJitErrorLogBytes};
    void* values[] = {log, reinterpret_cast<void*>(sizeof(log))}; // NOLINT: as the interface has it
    INFO(code);
    CHECK(cuModuleLoadDataEx(&module, ptx.c_str(), 2, options, values) == kInvalidPtx);
    CHECK_THAT(log, ContainsSubstring("PTX line 9: ") && ContainsSubstring(text) && ContainsSubstring(code));
  };
  refused("frobnicate.b32 %r0, %r1;", "unknown instruction frobnicate");
  refused("add.fast.s32 %r0, %r1, %r2;", "unknown modifier .fast");
  refused("ld.global.L3::evict.b32 %r0, [%l];", "unknown modifier .L3::evict");
  refused("add.s32 %r0, %r1, %r2, %r3;", "too many operands");
  refused("add.s32 %r0, %r1;", "too few operands");
  refused("add.s64 %r0, %r1, %r2;", "size");
  refused("add.s32 %p, %r1, %r2;", "size");
  refused("add.f32 %r0, %r1, 1;", "integer");
  refused("bra NOWHERE;", "no label NOWHERE");
  refused("mov.u32 %r0, %tid.q;", "unknown special register");
  refused("add.s32 %r0, %r1, %r9;", "special register");
  refused("cp.async.wait_all;", "sm_80");
  refused("ld.global.v2.b32 %r0, [%l];", "vector");
  refused("call nothing;", "no function nothing");
  refused(".reg .b32 %r0;", "defined twice");
}

TEST_CASE("a driver accepts PTX that is no newer than itself") {
  EmulatedDevice device(EmulatedDevice::Settings{{"DRIVER", "10.2"}});
  const std::string kernel = ".visible .entry k()\n{\nret;\n}";
  Module module = nullptr;
  CHECK(device.load(".version 6.5\n.target sm_75\n.address_size 64\n" + kernel, module) == kSuccess);
  CHECK(device.load(".version 7.0\n.target sm_75\n.address_size 64\n" + kernel, module) == kUnsupportedPtxVersion);
}

TEST_CASE("a module for a newer device is refused, and so is a function that calls itself") {
  EmulatedDevice device(EmulatedDevice::Settings{{"CAPABILITY", "7.5"}});
  Module module = nullptr;
  CHECK(device.load(module_head(80) + ".visible .entry k()\n{\nret;\n}", module) == kNoBinaryForGpu);
  CHECK(device.load(module_head(75) + ".func f()\n{\ncall f;\nret;\n}\n.visible .entry k()\n{\ncall f;\nret;\n}",
                    module) == kInvalidPtx);
  CHECK_THAT(device.report(), ContainsSubstring("calls itself"));
}

TEST_CASE("a launch keeps to the limits of device and kernel") {
  EmulatedDevice device(EmulatedDevice::Settings{{"CAPABILITY", "7.5"}});
  const Function kernel = device.kernel(module_head(75) + ".visible .entry k()\n.maxntid 128, 1, 1\n{\nret;\n}");
  CHECK(device.launch(kernel, {.threads = 128}) == kSuccess);
  CHECK(device.launch(kernel, {.threads = 129}) == kInvalidValue);
  CHECK(device.launch(kernel, {.shared = 48 << 10}) == kSuccess);
  CHECK(device.launch(kernel, {.shared = 49 << 10}) == kInvalidValue);
  CHECK(cuFuncSetAttribute(kernel, kFunctionMaxDynamicShared, 64 << 10) == kSuccess);
  CHECK(device.launch(kernel, {.shared = 64 << 10}) == kSuccess);
  CHECK(cuFuncSetAttribute(kernel, kFunctionMaxDynamicShared, 65 << 10) == kInvalidValue);
  CHECK(device.launch(kernel, {.blocks = 0}) == kInvalidValue);
  CHECK(cuLaunchKernel(kernel, 1, 1, 1, 1, 1, 65, 0, nullptr, nullptr, nullptr) == kInvalidValue);
}

TEST_CASE("parameters may come in one buffer") {
  EmulatedDevice device;
  const Function kernel = device.kernel(kStoreOne);
  DevicePointer out = device.allocate(4);
  std::size_t bytes = sizeof(out);
  void* extra[] = {reinterpret_cast<void*>(kLaunchParameters), &out, reinterpret_cast<void*>(kLaunchParametersBytes),
                   &bytes,                                         // NOLINT
                   reinterpret_cast<void*>(kLaunchParametersEnd)}; // NOLINT
  CHECK(cuLaunchKernel(kernel, 1, 1, 1, 1, 1, 1, 0, nullptr, nullptr, extra) == kSuccess);
  CHECK(device.download<std::uint32_t>(out, 1) == Words{1});
}

TEST_CASE("handles that were destroyed are refused") {
  EmulatedDevice device;
  Stream stream = nullptr;
  Event event = nullptr, later = nullptr;
  float time = -1;
  REQUIRE(cuStreamCreate(&stream, kStreamNonBlocking) == kSuccess);
  REQUIRE(cuEventCreate(&event, 0) == kSuccess);
  REQUIRE(cuEventCreate(&later, 0) == kSuccess);
  CHECK(cuEventRecord(event, stream) == kSuccess);
  CHECK(cuEventElapsedTime(&time, event, later) == kInvalidHandle);
  CHECK(cuEventRecord(later, stream) == kSuccess);
  CHECK(cuEventElapsedTime(&time, event, later) == kSuccess);
  CHECK(time >= 0);
  CHECK(cuStreamWaitEvent(stream, event, 0) == kSuccess);
  CHECK(cuStreamSynchronize(stream) == kSuccess);
  CHECK(cuStreamQuery(stream) == kSuccess);
  CHECK(cuStreamDestroy_v2(stream) == kSuccess);
  CHECK(cuStreamSynchronize(stream) == kInvalidHandle);
  CHECK(cuEventDestroy_v2(event) == kSuccess);
  CHECK(cuEventSynchronize(event) == kInvalidHandle);
  Module module = device.load(kNothing);
  Function kernel = nullptr;
  CHECK(cuModuleGetFunction(&kernel, module, "other") == kNotFound);
  CHECK(cuModuleGetFunction(&kernel, module, "k") == kSuccess);
  CHECK(cuModuleUnload(module) == kSuccess);
  CHECK(cuModuleUnload(module) == kInvalidHandle);
  CHECK(device.launch(kernel, {}) == kInvalidHandle);
}

TEST_CASE("contexts are retained, made current, and released") {
  EmulatedDevice device;
  Context primary = nullptr, again = nullptr;
  CHECK(cuDevicePrimaryCtxRetain(&primary, 0) == kSuccess);
  CHECK(cuDevicePrimaryCtxRetain(&again, 0) == kSuccess);
  CHECK(primary == again);
  std::thread([&] { // another thread has no current context of its own
    DevicePointer address = 0;
    CHECK(cuMemAlloc_v2(&address, 4) == kInvalidContext);
    CHECK(cuCtxSetCurrent(primary) == kSuccess);
    CHECK(cuMemAlloc_v2(&address, 4) == kSuccess);
  })
      .join();
  CHECK(cuDevicePrimaryCtxRelease_v2(0) == kSuccess);
  CHECK(cuCtxSetCurrent(primary) == kSuccess);
  CHECK(cuDevicePrimaryCtxRelease_v2(0) == kSuccess);
  CHECK(cuCtxSetCurrent(primary) == kInvalidContext);
  CHECK(cuCtxSynchronize() == kInvalidContext);
}

TEST_CASE("host memory is allocated, registered, and given back once") {
  EmulatedDevice device;
  void* memory = nullptr;
  CHECK(cuMemHostAlloc(&memory, 100, 0) == kSuccess);
  CHECK(cuMemFreeHost(memory) == kSuccess);
  CHECK(cuMemFreeHost(memory) == kInvalidValue);
  Words own(4);
  CHECK(cuMemHostRegister_v2(own.data(), 16, 0) == kSuccess);
  CHECK(cuMemHostRegister_v2(own.data(), 16, 0) == kHostMemoryAlreadyRegistered);
  CHECK(cuMemHostUnregister(own.data()) == kSuccess);
  CHECK(cuMemHostUnregister(own.data()) == kHostMemoryNotRegistered);
}

TEST_CASE("errors have names") {
  const char *name = nullptr, *text = nullptr;
  CHECK(cuGetErrorName(kIllegalAddress, &name) == kSuccess);
  CHECK(std::string(name) == "CUDA_ERROR_ILLEGAL_ADDRESS");
  CHECK(cuGetErrorString(kOutOfMemory, &text) == kSuccess);
  CHECK(std::string(text) == "out of memory");
  CHECK(cuGetErrorName(static_cast<Result>(12345), &name) == kInvalidValue);
}

TEST_CASE("a fault begins with the launch or allocation of its number, on its device") {
  {
    EmulatedDevice device(EmulatedDevice::Settings{{"FAULTS", "oom@2"}});
    DevicePointer address = 0;
    CHECK(cuMemAlloc_v2(&address, 4) == kSuccess);
    CHECK(cuMemAlloc_v2(&address, 4) == kOutOfMemory);
  }
  {
    EmulatedDevice device(EmulatedDevice::Settings{{"FAULTS", "busy@2"}, {"DEVICES", "2"}});
    Context other = nullptr;
    CHECK(cuCtxCreate_v2(&other, 0, 1) == kSuccess);
    CHECK(cuCtxDestroy_v2(other) == kSuccess);
    CHECK(cuCtxCreate_v2(&other, 0, 0) == kDeviceUnavailable);
  }
  {
    EmulatedDevice device(EmulatedDevice::Settings{{"FAULTS", "vanish@2,oom@1:1"}});
    const Function kernel = device.kernel(kNothing);
    CHECK(device.launch(kernel, {}) == kSuccess);
    CHECK(device.launch(kernel, {}) == kNoDevice);
    CHECK(cuCtxSynchronize() == kNoDevice);
  }
}

TEST_CASE("a device that computes wrong numbers does so from its launch on") {
  EmulatedDevice device(EmulatedDevice::Settings{{"FAULTS", "wrong@2"}});
  const Function kernel = device.kernel(module_head(75) + R"(
.visible .entry k(.param .u64 out)
{
  .reg .b64 %p; .reg .b32 %a; .reg .f32 %c<4>;
  mov.u32 %a, 0x3c003c00;
  mma.sync.aligned.m16n8k8.row.col.f32.f16.f16.f32 {%c0, %c1, %c2, %c3}, {%a, %a}, {%a}, {0f00000000, 0f00000000, 0f00000000, 0f00000000};
  ld.param.u64 %p, [out];
  st.global.f32 [%p], %c0;
  ret;
})");
  const DevicePointer out = device.allocate(4);
  device.run(kernel, {}, out);
  CHECK(device.download<float>(out, 1)[0] == 8);
  device.run(kernel, {}, out);
  CHECK(device.download<float>(out, 1)[0] == 10);
}

TEST_CASE("a device that hangs takes work, and is never done with it") {
  EmulatedDevice device(EmulatedDevice::Settings{{"FAULTS", "hang@1"}});
  const Function kernel = device.kernel(kStoreOne);
  const DevicePointer out = device.upload(Words{0});
  CHECK(device.launch(kernel, {}, out) == kSuccess);
  CHECK(cuStreamQuery(nullptr) == kNotReady);
  const pid_t child = ::fork();
  if (child == 0) {
    cuCtxSynchronize();
    ::_exit(0);
  }
  ::usleep(200000);
  CHECK(::waitpid(child, nullptr, WNOHANG) == 0);
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
}

TEST_CASE("a driver that crashes takes its process with it") {
  EmulatedDevice device(EmulatedDevice::Settings{{"FAULTS", "crash@1"}});
  const Function kernel = device.kernel(kNothing);
  const pid_t child = ::fork();
  if (child == 0) {
    ::signal(SIGABRT, SIG_DFL); // not the test program's handler
    device.launch(kernel, {});
    ::_exit(0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  CHECK((WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT));
}

TEST_CASE("settings that make no sense are refused") {
  EmulatedDevice device;
  for (const auto& [name, value] :
       std::initializer_list<std::pair<const char*, const char*>>{{"SCIEXAM_EMULATED_DEVICES", "two"},
                                                                  {"SCIEXAM_EMULATED_CAPABILITY", "8"},
                                                                  {"SCIEXAM_EMULATED_FAULTS", "wrong"},
                                                                  {"SCIEXAM_EMULATED_FAULTS", "slow@3"},
                                                                  {"SCIEXAM_EMULATED_FAULTS", "wrong@3:0x"},
                                                                  {"SCIEXAM_EMULATED_FAULTS", "oom@1;2"}}) {
    ::setenv(name, value, 1);
    CHECK(cuInit(0) == kUnknown);
    ::unsetenv(name);
  }
  ::setenv("SCIEXAM_EMULATED_DEVICES", "0", 1);
  CHECK(cuInit(0) == kNoDevice);
  ::unsetenv("SCIEXAM_EMULATED_DEVICES");
  CHECK(cuInit(0) == kSuccess);
}

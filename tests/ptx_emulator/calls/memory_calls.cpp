// Calls about memory. Copies are done when the call returns, whatever its stream.
#include "ptx_emulator/calls/machine.hpp"
#include "ptx_emulator/calls/stream_calls.hpp"
#include "ptx_emulator/machine/shared_memory.hpp"

#include <algorithm>
#include <cstring>

using namespace sciexam::cuda;
using sciexam::emulated::Allocation;
using sciexam::emulated::context;
using sciexam::emulated::FaultKind;
using sciexam::emulated::guarded;
using sciexam::emulated::Machine;
using sciexam::emulated::require;
using sciexam::emulated::require_stream;
using sciexam::emulated::wait_for_work;

namespace {

const Allocation& reach(ContextObject& context, const char* call, DevicePointer address, std::size_t bytes) {
  const Allocation* const allocation = context.memory.find(address, bytes);
  if (allocation == nullptr) {
    report(Machine::instance().settings, std::string(call) + ": " + std::to_string(bytes) +
                                             " bytes at device address " + std::to_string(address) +
                                             " are not inside of one allocation");
    throw sciexam::emulated::CallError{kInvalidValue};
  }
  return *allocation;
}

void copy_in(DevicePointer to, const void* from, std::size_t bytes) {
  const Allocation& target = reach(context(), "cuMemcpyHtoD", to, bytes);
  std::memcpy(target.data + (to - target.address), from, bytes);
  std::memset(target.written + (to - target.address), 0xff, bytes);
}

void copy_out(void* to, DevicePointer from, std::size_t bytes) {
  const Allocation& source = reach(context(), "cuMemcpyDtoH", from, bytes);
  const std::uint8_t* const written = source.written + (from - source.address);
  if (const auto* const hole = std::find_if(written, written + bytes, [](std::uint8_t state) { return state != 0xff; });
      hole != written + bytes) {
    report(Machine::instance().settings, "cuMemcpyDtoH: byte " + std::to_string(hole - written) + " of " +
                                             std::to_string(bytes) + " was never written");
    throw sciexam::emulated::CallError{kInvalidValue};
  }
  std::memcpy(to, source.data + (from - source.address), bytes);
}

void copy_within(DevicePointer to, DevicePointer from, std::size_t bytes) {
  const Allocation& source = reach(context(), "cuMemcpyDtoD", from, bytes);
  const Allocation& target = reach(context(), "cuMemcpyDtoD", to, bytes);
  std::memmove(target.data + (to - target.address), source.data + (from - source.address), bytes);
  std::memmove(target.written + (to - target.address), source.written + (from - source.address), bytes);
}

template <class Value>
void fill(DevicePointer to, Value value, std::size_t count) {
  const std::size_t bytes = count * sizeof(Value);
  require(to % sizeof(Value) == 0, kInvalidValue);
  const Allocation& target = reach(context(), "cuMemset", to, bytes);
  std::byte* const start = target.data + (to - target.address);
  for (std::size_t k = 0; k < count; ++k)
    std::memcpy(start + k * sizeof(Value), &value, sizeof(Value));
  std::memset(target.written + (to - target.address), 0xff, bytes);
}

/// Work of a stream; on a device that hangs it is not done.
template <class Work>
Result in_stream(Stream stream, Work&& work) {
  return guarded([&](Machine&) {
    require_stream(context(), stream);
    if (!context().hung)
      work();
  });
}

/// Work that the caller waits for.
template <class Work>
Result at_once(Work&& work) {
  const Result waited = wait_for_work();
  return waited != kSuccess ? waited : in_stream(nullptr, work);
}

} // namespace

extern "C" {

Result cuMemAlloc_v2(DevicePointer* address, std::size_t bytes) {
  return guarded([&](Machine& machine) {
    ContextObject& current = context();
    require(bytes > 0, kInvalidValue);
    require(!machine.settings.fails(FaultKind::Oom, current.device, ++current.allocations), kOutOfMemory);
    const Allocation* const allocation = current.memory.allocate(bytes);
    require(allocation != nullptr, kOutOfMemory);
    *address = allocation->address;
  });
}

Result cuMemFree_v2(DevicePointer address) {
  return guarded([&](Machine&) { require(address == 0 || context().memory.free(address), kInvalidValue); });
}

Result cuMemGetInfo_v2(std::size_t* free, std::size_t* total) {
  return guarded([&](Machine&) {
    const auto& memory = context().memory;
    *total = memory.capacity();
    *free = memory.capacity() - memory.used();
  });
}

Result cuMemHostAlloc(void** address, std::size_t bytes, unsigned) {
  return guarded([&](Machine& machine) {
    context();
    auto memory = std::make_unique<std::byte[]>(bytes);
    *address = memory.get();
    machine.host_memory[memory.get()] = std::move(memory);
  });
}

Result cuMemFreeHost(void* address) {
  return guarded([&](Machine& machine) { require(machine.host_memory.erase(address) == 1, kInvalidValue); });
}

Result cuMemHostRegister_v2(void* address, std::size_t bytes, unsigned) {
  return guarded([&](Machine& machine) {
    context();
    require(address != nullptr && bytes > 0, kInvalidValue);
    require(machine.registered.emplace(address, bytes).second, kHostMemoryAlreadyRegistered);
  });
}

Result cuMemHostUnregister(void* address) {
  return guarded([&](Machine& machine) { require(machine.registered.erase(address) == 1, kHostMemoryNotRegistered); });
}

Result cuMemcpyHtoD_v2(DevicePointer to, const void* from, std::size_t bytes) {
  return at_once([&] { copy_in(to, from, bytes); });
}
Result cuMemcpyDtoH_v2(void* to, DevicePointer from, std::size_t bytes) {
  return at_once([&] { copy_out(to, from, bytes); });
}
Result cuMemcpyDtoD_v2(DevicePointer to, DevicePointer from, std::size_t bytes) {
  return in_stream(nullptr, [&] { copy_within(to, from, bytes); });
}
Result cuMemcpyHtoDAsync_v2(DevicePointer to, const void* from, std::size_t bytes, Stream stream) {
  return in_stream(stream, [&] { copy_in(to, from, bytes); });
}
Result cuMemcpyDtoHAsync_v2(void* to, DevicePointer from, std::size_t bytes, Stream stream) {
  return in_stream(stream, [&] { copy_out(to, from, bytes); });
}
Result cuMemcpyDtoDAsync_v2(DevicePointer to, DevicePointer from, std::size_t bytes, Stream stream) {
  return in_stream(stream, [&] { copy_within(to, from, bytes); });
}
Result cuMemsetD8_v2(DevicePointer to, unsigned char value, std::size_t count) {
  return in_stream(nullptr, [&] { fill(to, value, count); });
}
Result cuMemsetD32_v2(DevicePointer to, unsigned value, std::size_t count) {
  return in_stream(nullptr, [&] { fill(to, value, count); });
}
Result cuMemsetD8Async(DevicePointer to, unsigned char value, std::size_t count, Stream stream) {
  return in_stream(stream, [&] { fill(to, value, count); });
}
Result cuMemsetD32Async(DevicePointer to, unsigned value, std::size_t count, Stream stream) {
  return in_stream(stream, [&] { fill(to, value, count); });
}

} // extern "C"

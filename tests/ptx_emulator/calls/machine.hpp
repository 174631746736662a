// The emulated driver's state: devices, their contexts, and what was made in them.
#pragma once

#include "ptx_emulator/calls/driver_api.hpp"
#include "ptx_emulator/calls/settings.hpp"
#include "ptx_emulator/machine/counters.hpp"
#include "ptx_emulator/machine/device_memory.hpp"
#include "ptx_emulator/program/program.hpp"

#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

namespace sciexam::cuda {

struct FunctionObject {
  std::unique_ptr<emulated::Program> program = {};
  ContextObject* context = nullptr;
  unsigned most_dynamic_shared = 48 << 10;
};

struct ModuleObject {
  ContextObject* context = nullptr;
  std::unique_ptr<emulated::SourceModule> source = {};
  std::map<std::string, std::uint64_t, std::less<>> addresses = {}; ///< .global and .const variables
  std::map<std::string, FunctionObject, std::less<>> functions = {};
};

struct StreamObject {
  ContextObject* context = nullptr;
};

struct EventObject {
  ContextObject* context = nullptr;
  bool recorded = false;
  bool timed = true;
  std::chrono::steady_clock::time_point time = {};
};

/// Primary contexts exist while they are retained, others until they are destroyed.
struct ContextObject {
  /// `number`: of contexts so far, so that none knows another's addresses.
  ContextObject(int ordinal, std::uint64_t number, const emulated::Settings& settings)
      : device(ordinal), memory((0x20 + number % 0x20) << 40, settings.memory) {}

  int device;
  int retained = 0; ///< of a primary context
  emulated::DeviceMemory memory;
  std::map<Module, std::unique_ptr<ModuleObject>> modules = {};
  std::map<Stream, std::unique_ptr<StreamObject>> streams = {};
  std::map<Event, std::unique_ptr<EventObject>> events = {};
  std::set<Function> functions = {};
  Result broken = kSuccess; ///< what a kernel's fault left: every later call returns it
  std::uint64_t launches = 0;
  std::uint64_t allocations = 0;
  bool hung = false; ///< the work never ends
};

} // namespace sciexam::cuda

namespace sciexam::emulated {

class Machine {
public:
  static Machine& instance();

  std::mutex mutex; ///< held by every call
  bool ready = false;
  Settings settings = {};
  std::vector<std::unique_ptr<cuda::ContextObject>> contexts = {};
  std::uint64_t contexts_made = 0;
  std::map<int, std::uint64_t> contexts_wanted = {};              ///< of each device
  std::map<void*, std::unique_ptr<std::byte[]>> host_memory = {}; ///< of cuMemHostAlloc
  std::map<const void*, std::size_t> registered = {};
  std::map<std::string, Counters> counters = {}; ///< by kernel

  /// Writes SCIEXAM_EMULATED_COUNTS.
  void write_counts() const;

private:
  Machine();
};

/// What a call fails with.
struct CallError {
  cuda::Result result;
};

/// The context that is current in the calling thread.
cuda::ContextObject*& current_context();

/// The usable current context. Throws CallError.
cuda::ContextObject& context();

/// Runs a call under the lock, with its failures as results. Every call but cuInit goes through here.
template <class Call>
cuda::Result guarded(Call&& call) {
  Machine& machine = Machine::instance();
  const std::lock_guard lock(machine.mutex);
  if (!machine.ready)
    return cuda::kNotInitialized;
  try {
    call(machine);
    return cuda::kSuccess;
  } catch (const CallError& error) {
    return error.result;
  } catch (const std::bad_alloc&) {
    return cuda::kOutOfMemory;
  } catch (const std::exception& error) {
    report(machine.settings, std::string("fault of the emulated driver: ") + error.what());
    return cuda::kUnknown;
  }
}

inline void require(bool holds, cuda::Result otherwise) {
  if (!holds)
    throw CallError{otherwise};
}

} // namespace sciexam::emulated

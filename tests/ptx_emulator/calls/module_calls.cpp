// Calls about modules and their kernels.
#include "ptx_emulator/calls/launch.hpp"
#include "ptx_emulator/calls/machine.hpp"
#include "ptx_emulator/calls/stream_calls.hpp"
#include "ptx_emulator/text/parser.hpp"

#include <algorithm>
#include <cstring>
#include <sstream>

using namespace sciexam::cuda;
using sciexam::emulated::Allocation;
using sciexam::emulated::CallError;
using sciexam::emulated::context;
using sciexam::emulated::FaultKind;
using sciexam::emulated::guarded;
using sciexam::emulated::Launch;
using sciexam::emulated::Machine;
using sciexam::emulated::Outcome;
using sciexam::emulated::Program;
using sciexam::emulated::PtxError;
using sciexam::emulated::require;
using sciexam::emulated::require_stream;
using sciexam::emulated::SourceFunction;
using sciexam::emulated::Space;
using sciexam::emulated::Variable;

namespace {

/// A module's variables in device memory, with their initial values.
void place_variables(ModuleObject& module) {
  std::map<std::string, Allocation*> placed;
  for (const Variable& variable : module.source->variables) {
    if (variable.space != Space::Global && variable.space != Space::Const)
      continue;
    Allocation* const allocation = module.context->memory.allocate(std::max<std::uint64_t>(1, variable.bytes));
    require(allocation != nullptr, kOutOfMemory);
    allocation->name = variable.name;
    allocation->read_only = variable.space == Space::Const;
    std::copy(variable.initial.begin(), variable.initial.end(), reinterpret_cast<std::uint8_t*>(allocation->data));
    std::memset(allocation->written, 0xff, variable.bytes);
    module.addresses[variable.name] = allocation->address;
    placed[variable.name] = allocation;
  }
  for (const Variable& variable : module.source->variables)
    for (const auto& [offset, name] : variable.addresses) {
      const auto target = module.addresses.find(name);
      if (target == module.addresses.end())
        throw PtxError(0, variable.name + " holds the address of " + name + ", which is no variable");
      std::memcpy(placed.at(variable.name)->data + offset, &target->second, sizeof(target->second));
    }
}

void free_variables(ModuleObject& module) {
  for (const auto& [name, address] : module.addresses)
    module.context->memory.free(address);
}

/// 70 (PTX 7.0) of a driver for CUDA 11.0: the release notes' table in the PTX manual.
unsigned newest_ptx(int driver_version) {
  const int major = driver_version / 1000, minor = driver_version % 1000 / 10;
  return static_cast<unsigned>(major <= 10 ? 63 + minor : 10 * (major - 4) + minor);
}

void load(const Machine& machine, ModuleObject& module, const char* text) {
  module.source = sciexam::emulated::parse(text);
  require(module.source->version <= newest_ptx(machine.settings.driver_version), kUnsupportedPtxVersion);
  require(module.source->target <= machine.settings.capability, kNoBinaryForGpu);
  place_variables(module);
  for (const SourceFunction& function : module.source->functions)
    if (function.entry)
      module.functions[function.name] = {.program = link(*module.source, function, module.addresses),
                                         .context = module.context};
}

/// The line of that number, counted from 1.
std::string line_of(const char* image, unsigned number) {
  std::istringstream text(image);
  std::string line;
  for (unsigned k = 0; k < number; ++k)
    std::getline(text, line);
  return line;
}

/// The caller's buffer for messages, if it gave one.
void fill_error_log(const std::string& text, unsigned count, const JitOption* options, void** values) {
  char* buffer = nullptr;
  std::size_t bytes = 0;
  for (unsigned k = 0; k < count; ++k)
    if (options[k] == kJitErrorLog)
      buffer = static_cast<char*>(values[k]);
    else if (options[k] == kJitErrorLogBytes)
      bytes = reinterpret_cast<std::uintptr_t>(values[k]);
  if (buffer != nullptr && bytes > 0) {
    std::strncpy(buffer, text.c_str(), bytes);
    buffer[bytes - 1] = '\0';
  }
}

FunctionObject& require_function(Function function) {
  require(context().functions.count(function) == 1, kInvalidHandle);
  return *function;
}

unsigned most_shared(const Machine& machine) {
  return (machine.settings.capability < 80 ? 64U : 163U) << 10;
}

/// Parameters as one buffer, from an array of pointers or from the buffer that `extra` names.
std::vector<std::byte> gather_parameters(const Program& program, void** parameters, void** extra) {
  std::vector<std::byte> buffer(program.parameter_bytes);
  if (extra != nullptr) {
    const void* from = nullptr;
    std::size_t bytes = 0;
    for (void** entry = extra; reinterpret_cast<std::uintptr_t>(*entry) != kLaunchParametersEnd; entry += 2)
      if (reinterpret_cast<std::uintptr_t>(*entry) == kLaunchParameters)
        from = entry[1];
      else if (reinterpret_cast<std::uintptr_t>(*entry) == kLaunchParametersBytes)
        bytes = *static_cast<const std::size_t*>(entry[1]);
    require(parameters == nullptr && from != nullptr && bytes >= buffer.size(), kInvalidValue);
    std::memcpy(buffer.data(), from, buffer.size());
    return buffer;
  }
  require(parameters != nullptr || program.parameters.empty(), kInvalidValue);
  for (std::size_t k = 0; k < program.parameters.size(); ++k)
    std::memcpy(buffer.data() + program.parameters[k].offset, parameters[k], program.parameters[k].bytes);
  return buffer;
}

/// The faults that a launch brings on. Returns false if the device no longer does anything.
bool survives_faults(const Machine& machine, ContextObject& current) {
  const std::uint64_t launch = ++current.launches;
  if (machine.settings.fails(FaultKind::Crash, current.device, launch))
    std::abort();
  if (machine.settings.fails(FaultKind::Vanish, current.device, launch)) {
    current.broken = kNoDevice;
    throw CallError{kNoDevice};
  }
  current.hung = current.hung || machine.settings.fails(FaultKind::Hang, current.device, launch);
  return !current.hung;
}

void check_shape(const Machine& machine, const FunctionObject& function, const Launch& launch) {
  for (unsigned axis = 0; axis < 3; ++axis)
    require(launch.grid[axis] > 0 && launch.block[axis] > 0 && launch.block[axis] <= (axis == 2 ? 64U : 1024U) &&
                (axis == 0 || launch.grid[axis] <= 65535),
            kInvalidValue);
  require(launch.threads() <= function.program->most_threads, kInvalidValue);
  require(launch.dynamic_shared <= function.most_dynamic_shared &&
              function.program->shared.real_bytes + launch.dynamic_shared <= most_shared(machine),
          kInvalidValue);
}

} // namespace

extern "C" {

Result cuModuleLoadDataEx(Module* result, const void* image, unsigned count, JitOption* options, void** values) {
  return guarded([&](Machine& machine) {
    auto module = std::make_unique<ModuleObject>();
    module->context = &context();
    try {
      load(machine, *module, static_cast<const char*>(image));
    } catch (const PtxError& error) {
      free_variables(*module);
      const std::string text =
          std::string(error.what()) + " `" + line_of(static_cast<const char*>(image), error.line()) + "`";
      fill_error_log(text, count, options, values);
      report(machine.settings, text);
      throw CallError{kInvalidPtx};
    }
    for (auto& [name, function] : module->functions)
      context().functions.insert(&function);
    *result = module.get();
    context().modules.emplace(*result, std::move(module));
  });
}

Result cuModuleUnload(Module module) {
  return guarded([&](Machine&) {
    require(context().modules.count(module) == 1, kInvalidHandle);
    for (auto& [name, function] : module->functions)
      context().functions.erase(&function);
    free_variables(*module);
    context().modules.erase(module);
  });
}

Result cuModuleGetFunction(Function* function, Module module, const char* name) {
  return guarded([&](Machine&) {
    require(context().modules.count(module) == 1, kInvalidHandle);
    const auto found = module->functions.find(name);
    require(found != module->functions.end(), kNotFound);
    *function = &found->second;
  });
}

Result cuModuleGetGlobal_v2(DevicePointer* address, std::size_t* bytes, Module module, const char* name) {
  return guarded([&](Machine&) {
    require(context().modules.count(module) == 1, kInvalidHandle);
    const auto found = module->addresses.find(name);
    require(found != module->addresses.end(), kNotFound);
    if (address != nullptr)
      *address = found->second;
    if (bytes != nullptr)
      *bytes = context().memory.near(found->second)->bytes;
  });
}

Result cuFuncSetAttribute(Function function, FunctionAttribute attribute, int value) {
  return guarded([&](Machine& machine) {
    FunctionObject& known = require_function(function);
    if (attribute == kFunctionSharedCarveout)
      return;
    require(attribute == kFunctionMaxDynamicShared && value >= 0 &&
                known.program->shared.real_bytes + static_cast<unsigned>(value) <= most_shared(machine),
            kInvalidValue);
    known.most_dynamic_shared = static_cast<unsigned>(value);
  });
}

Result cuFuncGetAttribute(int* value, FunctionAttribute attribute, Function function) {
  return guarded([&](Machine& machine) {
    const FunctionObject& known = require_function(function);
    const Program& program = *known.program;
    switch (attribute) {
    case kFunctionMaxThreads:
      *value = static_cast<int>(program.most_threads);
      break;
    case kFunctionStaticShared:
      *value = static_cast<int>(program.shared.real_bytes);
      break;
    case kFunctionLocal:
      *value = static_cast<int>(program.local.real_bytes);
      break;
    case kFunctionRegisters: // only ptxas knows; enough for two blocks of 256 threads
      *value = 128;
      break;
    case kFunctionPtxVersion:
      *value = static_cast<int>(program.source->version);
      break;
    case kFunctionBinaryVersion:
      *value = static_cast<int>(machine.settings.capability);
      break;
    case kFunctionMaxDynamicShared:
      *value = static_cast<int>(known.most_dynamic_shared);
      break;
    default:
      throw CallError{kInvalidValue};
    }
  });
}

Result cuLaunchKernel(Function function, unsigned grid_x, unsigned grid_y, unsigned grid_z, unsigned block_x,
                      unsigned block_y, unsigned block_z, unsigned shared_bytes, Stream stream, void** parameters,
                      void** extra) {
  return guarded([&](Machine& machine) {
    ContextObject& current = context();
    require_stream(current, stream);
    const FunctionObject& known = require_function(function);
    Launch launch{.program = known.program.get(),
                  .grid = {grid_x, grid_y, grid_z},
                  .block = {block_x, block_y, block_z},
                  .dynamic_shared = shared_bytes,
                  .memory = &current.memory,
                  .most_instructions = machine.settings.most_instructions};
    check_shape(machine, known, launch);
    const std::vector<std::byte> buffer = gather_parameters(*known.program, parameters, extra);
    launch.parameters = buffer;
    if (!survives_faults(machine, current))
      return;
    launch.wrong_numbers = machine.settings.fails(FaultKind::Wrong, current.device, current.launches);
    const Outcome outcome = run_grid(launch, machine.settings.threads);
    machine.counters[known.program->name].add(outcome.counters);
    if (outcome.result == kSuccess)
      return;
    report(machine.settings, outcome.report);
    current.broken = outcome.result;
    throw CallError{outcome.result};
  });
}

} // extern "C"

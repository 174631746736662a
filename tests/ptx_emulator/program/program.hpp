// A kernel ready to run: all functions that it reaches decoded into one array, registers, shared and local memory laid
// out.
#pragma once

#include "ptx_emulator/program/instruction.hpp"
#include "ptx_emulator/text/syntax.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace sciexam::emulated {

/// The windows of generic addresses; device memory lies above both.
constexpr std::uint64_t kSharedWindow = std::uint64_t{0x10} << 40;
constexpr std::uint64_t kLocalWindow = std::uint64_t{0x11} << 40;
constexpr std::uint64_t kWindowBytes = std::uint64_t{1} << 32;

/// Bytes that variables share out among themselves, with gaps that belong to none.
struct ScratchLayout {
  std::uint64_t bytes = 0;              ///< with the gaps
  std::uint64_t real_bytes = 0;         ///< as a device would lay them out
  std::vector<std::uint8_t> owned = {}; ///< a byte each: 1 where a variable lies

  /// Returns the variable's offset.
  std::uint64_t add(std::uint64_t size, std::uint64_t alignment, std::uint64_t gap);
};

/// Bytes of local memory that a call copies from the caller's variables into the callee's, or back.
struct Copy {
  std::uint32_t from = 0;
  std::uint32_t to = 0;
  std::uint32_t bytes = 0;
};

struct Call {
  std::uint32_t callee = 0; ///< the linker's number of the function
  std::vector<Copy> parameters = {};
  std::vector<Copy> results = {};
};

struct SpecialRegister {
  std::string name;
  std::uint32_t slot = 0;
};

struct Parameter {
  std::uint32_t offset = 0;
  std::uint32_t bytes = 0;
};

struct Program {
  std::string name;
  const SourceModule* source = nullptr;
  std::vector<Instruction> code = {};
  std::vector<std::byte> registers = {};     ///< a warp's register file at the start: constants are in it
  std::vector<std::uint32_t> variables = {}; ///< slots of true registers
  std::vector<SpecialRegister> specials = {};
  std::vector<Call> calls = {}; ///< Instruction::offset of a call is an index of these
  std::vector<Parameter> parameters = {};
  std::uint32_t parameter_bytes = 0;
  ScratchLayout shared = {}; ///< static variables
  std::uint64_t dynamic_alignment = 16;
  ScratchLayout local = {};
  std::uint32_t granule = 16; ///< bytes of the smallest access to shared memory
  std::uint32_t most_threads = 1024;
};

/// Where the module's .global and .const variables are.
using Addresses = std::map<std::string, std::uint64_t, std::less<>>;

/// Throws PtxError. The module must outlive the program.
std::unique_ptr<Program> link(const SourceModule& module, const SourceFunction& kernel, const Addresses& addresses);

} // namespace sciexam::emulated

// A PTX module as its text has it: names of registers are resolved, nothing is laid out or decoded yet.
#pragma once

#include "ptx_emulator/text/types.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sciexam::emulated {

struct SourceOperand {
  enum class Kind {
    Register, ///< `index` into the function's registers
    Variable, ///< its address; `index` into the function's variables, plus `offset`
    Name,     ///< a module's variable (its address plus `offset`), a label or a function
    Special,  ///< a special register, `text` without the %: "tid.x"
    Integer,
    Single,
    Double,
    Sink,   ///< _
    Memory, ///< [elements[0] + offset]
    Vector, ///< {a, b}
    Pair,   ///< a|b
    List,   ///< (a, b)
  };
  Kind kind = Kind::Sink;
  std::uint32_t index = 0;
  bool negated = false; ///< !predicate
  std::uint64_t bits = 0;
  std::int64_t offset = 0;
  std::string_view text = {};
  std::vector<SourceOperand> elements = {};
};

struct SourceInstruction {
  std::string_view opcode = {};
  std::vector<std::string_view> modifiers = {};
  std::vector<SourceOperand> operands = {};
  std::optional<std::uint32_t> guard = {}; ///< register of @p
  bool guard_negated = false;
  std::uint32_t target = 0; ///< of a branch: index of an instruction
  std::uint32_t scope = 0;  ///< the block that it stands in
  unsigned line = 0;
};

struct Variable {
  std::string name = {};
  Space space = Space::Global;
  Type type = Type::B8;
  std::uint32_t alignment = 1;
  std::uint64_t bytes = 0;
  bool dynamic = false;                                            ///< extern .shared x[]
  std::vector<std::uint8_t> initial = {};                          ///< empty: zero
  std::vector<std::pair<std::size_t, std::string>> addresses = {}; ///< initial[offset..+8] is the address of a variable
};

struct SourceFunction {
  std::string name = {};
  bool entry = false;
  bool defined = false;
  std::vector<Type> registers = {};
  std::vector<std::string> register_names = {};
  std::vector<Variable> variables = {};       ///< parameters, results, and what the body declares
  std::vector<std::uint32_t> parameters = {}; ///< indices of variables
  std::vector<std::uint32_t> results = {};
  std::vector<SourceInstruction> instructions = {};
  std::uint32_t most_threads = 1024; ///< .maxntid, .reqntid
  unsigned line = 0;
};

struct SourceModule {
  std::string text; ///< what the string_views look into
  std::vector<std::string_view> lines = {};
  unsigned version = 0; ///< 75: PTX 7.5
  unsigned target = 0;  ///< 80: sm_80
  std::vector<Variable> variables = {};
  std::vector<SourceFunction> functions = {};
};

} // namespace sciexam::emulated

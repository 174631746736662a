#include "ptx_emulator/program/program.hpp"

#include "ptx_emulator/instructions/control.hpp"
#include "ptx_emulator/program/control_flow.hpp"
#include "ptx_emulator/program/decoder.hpp"

#include <algorithm>
#include <cstring>
#include <set>

namespace sciexam::emulated {
namespace {

constexpr std::uint32_t kHeaderBytes = 32; ///< before a register's lanes; its last 4 bytes say which lanes are defined
constexpr std::uint64_t kSharedGap = 128;  ///< all banks, so that a gap does not change conflicts
constexpr std::uint64_t kLocalGap = 16;
constexpr std::uint64_t kMostShared = 256 * 1024;

std::uint64_t rounded_up(std::uint64_t value, std::uint64_t unit) {
  return (value + unit - 1) / unit * unit;
}

void collect_names(const SourceOperand& operand, std::set<std::string_view>& names) {
  if (operand.kind == SourceOperand::Kind::Name)
    names.insert(operand.text);
  for (const SourceOperand& element : operand.elements)
    collect_names(element, names);
}

/// A function's places in the program.
struct Placed {
  const SourceFunction* source = nullptr;
  std::vector<std::uint32_t> slots = {};     ///< of its registers
  std::vector<std::uint64_t> addresses = {}; ///< of its variables, each in its space
  std::uint32_t first = 0;                   ///< instruction
};

class Linker {
public:
  Linker(const SourceModule& module, const SourceFunction& kernel, const Addresses& addresses)
      : module_(module), addresses_(addresses), program_(std::make_unique<Program>()) {
    program_->name = kernel.name;
    program_->source = &module;
    program_->most_threads = kernel.most_threads;
    add_function(kernel);
    place_module_shared();
    for (Placed& function : functions_)
      place_function(function);
  }

  std::unique_ptr<Program> link();

  std::uint32_t add_register(std::uint32_t bytes) {
    const auto slot = static_cast<std::uint32_t>(program_->registers.size()) + kHeaderBytes;
    const std::uint64_t lanes = bytes == 0 ? 4 : std::uint64_t{kLanes} * bytes;
    program_->registers.resize(slot + rounded_up(lanes, kHeaderBytes));
    return slot;
  }
  void define(std::uint32_t slot) { std::memcpy(program_->registers.data() + slot - 4, &kAllLanes, sizeof(kAllLanes)); }
  std::uint32_t constant(std::uint64_t bits, unsigned bytes);
  std::uint32_t special(std::string_view name, unsigned bytes, unsigned line);
  std::uint32_t sink() { return sink_ != 0 ? sink_ : sink_ = add_register(8); }
  const Variable* module_variable(std::string_view name) const;
  std::uint64_t module_address(const Variable& variable, unsigned line) const;
  Placed& placed(std::string_view name, unsigned line);
  Program& program() { return *program_; }

private:
  void add_function(const SourceFunction& function);
  void place_module_shared();
  void place_function(Placed& function);
  void place_shared(const Variable& variable, std::uint64_t& address);
  void decode_function(Placed& function);
  Instruction link_call(Placed& caller, const SourceInstruction& source, OperandPlaces& places);

  const SourceModule& module_;
  const Addresses& addresses_;
  std::unique_ptr<Program> program_;
  std::vector<Placed> functions_; ///< the kernel first
  std::vector<std::string_view> path_;
  std::map<std::string, std::uint64_t, std::less<>> module_shared_;
  std::map<std::pair<std::uint64_t, unsigned>, std::uint32_t> constants_;
  std::uint32_t sink_ = 0;
};

/// The operands of one function.
class FunctionPlaces : public OperandPlaces {
public:
  FunctionPlaces(Linker& linker, const Placed& function) : linker_(linker), function_(function) {}

  std::uint32_t register_slot(std::uint32_t index) override { return function_.slots[index]; }
  Type register_type(std::uint32_t index) override { return function_.source->registers[index]; }
  std::uint32_t constant(std::uint64_t bits, unsigned bytes) override { return linker_.constant(bits, bytes); }
  std::uint32_t special(std::string_view name, unsigned bytes, unsigned line) override {
    return linker_.special(name, bytes, line);
  }
  std::uint32_t sink() override { return linker_.sink(); }
  std::uint64_t address(const SourceOperand& operand, unsigned line) override {
    if (operand.kind == SourceOperand::Kind::Variable)
      return function_.addresses[operand.index];
    return linker_.module_address(named(operand, line), line);
  }
  Space space_of(const SourceOperand& operand, unsigned line) override {
    if (operand.kind != SourceOperand::Kind::Variable)
      return named(operand, line).space;
    const Space space = function_.source->variables[operand.index].space;
    return space == Space::Param && !is_kernel_parameter(operand.index) ? Space::Local : space;
  }
  bool in_entry() const override { return function_.source->entry; }
  void shared_access(unsigned bytes) override {
    linker_.program().granule = std::min(linker_.program().granule, bytes);
  }

private:
  bool is_kernel_parameter(std::uint32_t index) const {
    return function_.source->entry && index < function_.source->parameters.size();
  }
  const Variable& named(const SourceOperand& operand, unsigned line) const {
    const Variable* variable = linker_.module_variable(operand.text);
    if (variable == nullptr)
      throw PtxError(line, "nothing is named " + std::string(operand.text));
    return *variable;
  }

  Linker& linker_;
  const Placed& function_;
};

void Linker::add_function(const SourceFunction& function) {
  if (!function.defined)
    throw PtxError(function.line, function.name + " is not defined in this module");
  if (std::find(path_.begin(), path_.end(), function.name) != path_.end())
    throw PtxError(function.line, function.name + " calls itself, which this interpreter does not know");
  if (std::none_of(functions_.begin(), functions_.end(), [&](const Placed& p) { return p.source == &function; }))
    functions_.push_back({.source = &function});
  path_.push_back(function.name);
  for (const SourceInstruction& instruction : function.instructions) {
    if (instruction.opcode != "call")
      continue;
    const SourceOperand* name = nullptr;
    for (const SourceOperand& operand : instruction.operands)
      if (operand.kind == SourceOperand::Kind::Name)
        name = &operand;
    if (name == nullptr)
      throw PtxError(instruction.line, "only functions known by name can be called");
    const auto callee = std::find_if(module_.functions.begin(), module_.functions.end(),
                                     [&](const SourceFunction& other) { return other.name == name->text; });
    if (callee == module_.functions.end())
      throw PtxError(instruction.line, "no function " + std::string(name->text));
    add_function(*callee);
  }
  path_.pop_back();
}

const Variable* Linker::module_variable(std::string_view name) const {
  for (const Variable& variable : module_.variables)
    if (variable.name == name)
      return &variable;
  return nullptr;
}

std::uint64_t Linker::module_address(const Variable& variable, unsigned line) const {
  const Addresses& known = variable.space == Space::Shared ? module_shared_ : addresses_;
  const auto found = known.find(variable.name);
  if (found == known.end())
    throw PtxError(line, "no address of " + variable.name);
  return found->second;
}

Placed& Linker::placed(std::string_view name, unsigned line) {
  for (Placed& function : functions_)
    if (function.source->name == name)
      return function;
  throw PtxError(line, "no function " + std::string(name));
}

void Linker::place_shared(const Variable& variable, std::uint64_t& address) {
  ScratchLayout& shared = program_->shared;
  if (variable.bytes > kMostShared)
    throw PtxError(0, variable.name + " is larger than any shared memory");
  address = shared.add(variable.bytes, variable.alignment, kSharedGap);
}

void Linker::place_module_shared() {
  std::set<std::string_view> names;
  for (const Placed& function : functions_)
    for (const SourceInstruction& instruction : function.source->instructions)
      for (const SourceOperand& operand : instruction.operands)
        collect_names(operand, names);
  for (const Variable& variable : module_.variables)
    if (variable.space == Space::Shared && !variable.dynamic && names.count(variable.name) != 0)
      place_shared(variable, module_shared_[variable.name]);
}

void Linker::place_function(Placed& function) {
  for (const Type type : function.source->registers) {
    function.slots.push_back(add_register(type == Type::Pred ? 0 : std::max(2U, bytes_of(type))));
    program_->variables.push_back(function.slots.back());
  }
  const std::size_t parameters = function.source->entry ? function.source->parameters.size() : 0;
  for (std::size_t k = 0; k < function.source->variables.size(); ++k) {
    const Variable& variable = function.source->variables[k];
    std::uint64_t address = 0;
    if (k < parameters) {
      address = rounded_up(program_->parameter_bytes, variable.alignment);
      program_->parameters.push_back({static_cast<std::uint32_t>(address), static_cast<std::uint32_t>(variable.bytes)});
      program_->parameter_bytes = static_cast<std::uint32_t>(address + variable.bytes);
    } else if (variable.space == Space::Param || variable.space == Space::Local) {
      address = program_->local.add(variable.bytes, variable.alignment, kLocalGap);
    } else if (variable.space == Space::Shared && !variable.dynamic) {
      place_shared(variable, address);
    } else {
      throw PtxError(function.source->line, "the variable " + variable.name + " must be declared outside of functions");
    }
    function.addresses.push_back(address);
  }
}

std::uint32_t Linker::constant(std::uint64_t bits, unsigned bytes) {
  if (bytes == 0)
    bits = bits != 0 ? kAllLanes : 0;
  const auto [found, added] = constants_.try_emplace({bits, bytes}, 0);
  if (added) {
    found->second = add_register(bytes);
    define(found->second);
    std::byte* lanes = program_->registers.data() + found->second;
    for (unsigned lane = 0; lane < (bytes == 0 ? 1 : kLanes); ++lane)
      std::memcpy(lanes + std::size_t{lane} * bytes, &bits, bytes == 0 ? 4 : bytes);
  }
  return found->second;
}

std::uint32_t Linker::special(std::string_view name, unsigned bytes, unsigned line) {
  if (name == "WARP_SZ")
    return constant(kLanes, bytes);
  if (special_bytes(name) != bytes)
    throw PtxError(line, special_bytes(name) == 0 ? "unknown special register %" + std::string(name)
                                                  : "the special register has another size");
  for (const SpecialRegister& known : program_->specials)
    if (known.name == name)
      return known.slot;
  program_->specials.push_back({std::string(name), add_register(bytes)});
  define(program_->specials.back().slot);
  return program_->specials.back().slot;
}

Instruction Linker::link_call(Placed& caller, const SourceInstruction& source, OperandPlaces& places) {
  const auto name = std::find_if(source.operands.begin(), source.operands.end(),
                                 [](const SourceOperand& o) { return o.kind == SourceOperand::Kind::Name; });
  const Placed& callee = placed(name->text, source.line);
  const auto copies = [&](const std::vector<SourceOperand>& arguments, const std::vector<std::uint32_t>& formals,
                          bool back) {
    if (arguments.size() != formals.size())
      throw PtxError(source.line, "the call has other parameters than " + callee.source->name);
    std::vector<Copy> list;
    for (std::size_t k = 0; k < formals.size(); ++k) {
      if (arguments[k].kind != SourceOperand::Kind::Variable)
        throw PtxError(source.line, "arguments must be .param variables");
      const std::uint32_t index = arguments[k].index;
      const std::uint64_t bytes = callee.source->variables[formals[k]].bytes;
      if (caller.source->variables[index].bytes != bytes)
        throw PtxError(source.line, "an argument has another size than the parameter");
      const auto ours = static_cast<std::uint32_t>(caller.addresses[index]);
      const auto theirs = static_cast<std::uint32_t>(callee.addresses[formals[k]]);
      list.push_back({back ? theirs : ours, back ? ours : theirs, static_cast<std::uint32_t>(bytes)});
    }
    return list;
  };
  const auto before = static_cast<std::size_t>(name - source.operands.begin());
  const std::vector<SourceOperand> none;
  program_->calls.push_back({static_cast<std::uint32_t>(&callee - functions_.data()),
                             copies(before + 1 < source.operands.size() ? source.operands[before + 1].elements : none,
                                    callee.source->parameters, false),
                             copies(before > 0 ? source.operands[0].elements : none, callee.source->results, true)});
  Instruction call{.run = &run_call, .kind = Kind::Control, .line = source.line};
  call.offset = static_cast<std::int64_t>(program_->calls.size() - 1);
  call.guarded = source.guard.has_value();
  call.guard_negated = source.guard_negated;
  call.guard = source.guard ? places.register_slot(*source.guard) : 0;
  return call;
}

void Linker::decode_function(Placed& function) {
  FunctionPlaces places(*this, function);
  function.first = static_cast<std::uint32_t>(program_->code.size());
  std::vector<FlowStep> steps;
  for (const SourceInstruction& source : function.source->instructions) {
    const bool conditional = source.guard.has_value();
    steps.push_back({.branches = source.opcode == "bra",
                     .conditional = conditional,
                     .ends = !conditional && (source.opcode == "ret" || source.opcode == "exit"),
                     .target = source.target});
    program_->code.push_back(source.opcode == "call" ? link_call(function, source, places)
                                                     : decode(places, source, module_.target, module_.version));
  }
  if (steps.empty() || !(steps.back().ends || (steps.back().branches && !steps.back().conditional))) {
    steps.push_back({.ends = true}); // what runs past the end returns
    program_->code.push_back({.run = &run_return, .kind = Kind::Control});
  }
  const std::vector<std::uint32_t> meetings = reconvergence(steps);
  for (std::uint32_t k = 0; k < steps.size(); ++k) {
    Instruction& instruction = program_->code[function.first + k];
    if (steps[k].branches)
      instruction.target += function.first;
    if (meetings[k] != kNowhere)
      instruction.reconverge = meetings[k] + function.first;
  }
}

std::unique_ptr<Program> Linker::link() {
  // The dynamic array follows the static variables.
  for (const Variable& variable : module_.variables)
    if (variable.space == Space::Shared && variable.dynamic)
      program_->dynamic_alignment = std::max<std::uint64_t>(program_->dynamic_alignment, variable.alignment);
  program_->dynamic_alignment = std::max(program_->dynamic_alignment, kSharedGap);
  const std::uint64_t dynamic = rounded_up(program_->shared.bytes, program_->dynamic_alignment);
  for (const Variable& variable : module_.variables)
    if (variable.space == Space::Shared && variable.dynamic)
      module_shared_[variable.name] = dynamic;
  program_->shared.bytes = dynamic;
  program_->shared.owned.resize(dynamic, 0);
  for (Placed& function : functions_)
    decode_function(function);
  for (Instruction& instruction : program_->code) // callees' places are known only now
    if (instruction.run == &run_call)
      instruction.target = functions_[program_->calls[static_cast<std::size_t>(instruction.offset)].callee].first;
  return std::move(program_);
}

} // namespace

std::uint64_t ScratchLayout::add(std::uint64_t size, std::uint64_t alignment, std::uint64_t gap) {
  const std::uint64_t at = rounded_up(bytes, std::max(alignment, gap));
  bytes = at + size + gap;
  real_bytes = rounded_up(real_bytes, alignment) + size;
  owned.resize(bytes, 0);
  std::fill_n(owned.begin() + static_cast<std::ptrdiff_t>(at), size, std::uint8_t{1});
  return at;
}

std::unique_ptr<Program> link(const SourceModule& module, const SourceFunction& kernel, const Addresses& addresses) {
  return Linker(module, kernel, addresses).link();
}

} // namespace sciexam::emulated

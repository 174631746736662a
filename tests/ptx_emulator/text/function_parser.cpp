#include "ptx_emulator/text/function_parser.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

namespace sciexam::emulated {
namespace {

constexpr std::uint64_t kMostBytes = std::uint64_t{1} << 30;
constexpr std::uint64_t kMostRegisters = 1 << 20;

void append_bytes(std::vector<std::uint8_t>& bytes, std::uint64_t value, unsigned count) {
  for (unsigned k = 0; k < count; ++k)
    bytes.push_back(static_cast<std::uint8_t>(value >> (8 * k)));
}

void parse_initial_value(TokenReader& reader, Variable& variable) {
  const Token& token = reader.peek();
  const bool generic = token.kind == Token::Kind::Name && token.text == "generic";
  if (generic) {
    reader.next();
    reader.expect('(');
  }
  if (token.kind == Token::Kind::Name) {
    if (bytes_of(variable.type) != 8)
      reader.fail("only .b64 and .u64 can hold an address");
    variable.addresses.emplace_back(variable.initial.size(), reader.name());
    append_bytes(variable.initial, 0, 8);
  } else if (token.kind == Token::Kind::Double || token.kind == Token::Kind::Single) {
    const Token value = reader.next();
    std::uint64_t bits = value.bits;
    if (value.kind == Token::Kind::Double && variable.type == Type::F32)
      bits = std::bit_cast<std::uint32_t>(static_cast<float>(std::bit_cast<double>(bits)));
    append_bytes(variable.initial, bits, bytes_of(variable.type));
  } else {
    append_bytes(variable.initial, reader.integer(), bytes_of(variable.type));
  }
  if (generic)
    reader.expect(')');
}

void parse_initial(TokenReader& reader, Variable& variable) {
  if (!reader.take('{'))
    return parse_initial_value(reader, variable);
  do {
    if (reader.peek().is('{'))
      parse_initial(reader, variable);
    else
      parse_initial_value(reader, variable);
  } while (reader.take(','));
  reader.expect('}');
}

} // namespace

Variable parse_variable(TokenReader& reader, Space space) {
  Variable variable{.space = space};
  std::uint64_t count = 1;
  bool typed = false;
  while (reader.peek().kind == Token::Kind::Dotted) {
    const Token directive = reader.next();
    if (directive.text == "align") {
      variable.alignment = static_cast<std::uint32_t>(reader.integer());
    } else if (directive.text == "v2" || directive.text == "v4") {
      count = directive.text == "v2" ? 2 : 4;
    } else if (directive.text == "ptr" || (space == Space::Param && space_named(directive.text))) {
      continue; // what a pointer points to
    } else if (const auto type = type_named(directive.text)) {
      variable.type = *type;
      typed = true;
    } else {
      throw PtxError(directive.line, "unknown attribute ." + std::string(directive.text) + " of a variable");
    }
  }
  if (!typed)
    reader.fail("expected a type");
  variable.name = reader.name();
  variable.alignment = std::max<std::uint32_t>(variable.alignment, bytes_of(variable.type) * count);
  if (!std::has_single_bit(variable.alignment))
    reader.fail("the alignment is no power of two");
  bool open = false;
  while (reader.take('[')) {
    open = reader.peek().is(']');
    const std::uint64_t length = open ? 0 : reader.integer();
    if (length > kMostBytes || (count *= length) > kMostBytes)
      reader.fail("the array is too large");
    reader.expect(']');
  }
  variable.bytes = count * bytes_of(variable.type);
  if (reader.take('=')) {
    parse_initial(reader, variable);
    if (open)
      variable.bytes = variable.initial.size();
    if (variable.initial.size() > variable.bytes)
      reader.fail("more initial values than elements");
    variable.initial.resize(variable.bytes);
  }
  variable.dynamic = open && variable.bytes == 0;
  return variable;
}

FunctionParser::FunctionParser(TokenReader& reader, SourceFunction& function)
    : reader_(reader), function_(function), scopes_(1) {
  for (std::uint32_t k = 0; k < function.variables.size(); ++k)
    scopes_[0].variables.emplace(function.variables[k].name, k);
}

void FunctionParser::parse_body() {
  reader_.expect('{');
  parse_block();
  resolve_branches();
}

void FunctionParser::parse_block() {
  while (!reader_.take('}')) {
    if (reader_.take('{')) {
      const std::uint32_t outer = scope_;
      scope_ = static_cast<std::uint32_t>(scopes_.size());
      scopes_.push_back({.parent = outer});
      parse_block();
      scope_ = outer;
    } else {
      parse_statement();
    }
  }
}

void FunctionParser::parse_statement() {
  if (reader_.take(';') || parse_directive())
    return;
  if (reader_.peek().kind == Token::Kind::Name && reader_.peek(1).is(':')) {
    const std::string name(reader_.name());
    reader_.expect(':');
    if (!scopes_[scope_].labels.emplace(name, static_cast<std::uint32_t>(function_.instructions.size())).second)
      reader_.fail("the label " + name + " is defined twice");
    return;
  }
  parse_instruction();
}

bool FunctionParser::parse_directive() {
  const Token token = reader_.peek();
  if (token.kind != Token::Kind::Dotted)
    return false;
  reader_.next();
  if (token.text == "loc") {
    reader_.skip_line(token.line);
    return true;
  }
  if (token.text == "pragma") {
    while (!reader_.take(';'))
      reader_.next();
    return true;
  }
  const auto space = space_named(token.text);
  if (!space)
    throw PtxError(token.line, "unknown directive ." + std::string(token.text));
  if (*space == Space::Register) {
    parse_registers();
    return true;
  }
  do {
    Variable variable = parse_variable(reader_, *space);
    scopes_[scope_].variables[variable.name] = static_cast<std::uint32_t>(function_.variables.size());
    function_.variables.push_back(std::move(variable));
  } while (reader_.take(','));
  reader_.expect(';');
  return true;
}

void FunctionParser::parse_registers() {
  const Token type_token = reader_.next();
  const auto type = type_named(type_token.text);
  if (type_token.kind != Token::Kind::Dotted || !type)
    throw PtxError(type_token.line, "expected a register's type");
  const auto add = [&](std::string name) {
    if (!scopes_[scope_].registers.emplace(name, static_cast<std::uint32_t>(function_.registers.size())).second)
      reader_.fail("the register " + name + " is defined twice");
    function_.registers.push_back(*type);
    function_.register_names.push_back(std::move(name));
  };
  do {
    const std::string name(reader_.name());
    if (!reader_.take('<')) {
      add(name);
      continue;
    }
    const std::uint64_t count = reader_.integer();
    reader_.expect('>');
    if (function_.registers.size() + count > kMostRegisters)
      reader_.fail("too many registers");
    for (std::uint64_t k = 0; k < count; ++k)
      add(name + std::to_string(k));
  } while (reader_.take(','));
  reader_.expect(';');
}

void FunctionParser::parse_instruction() {
  SourceInstruction instruction{.scope = scope_, .line = reader_.peek().line};
  if (reader_.take('@')) {
    instruction.guard_negated = reader_.take('!');
    const SourceOperand guard = parse_operand();
    if (guard.kind != SourceOperand::Kind::Register || function_.registers[guard.index] != Type::Pred)
      reader_.fail("a guard is no predicate");
    instruction.guard = guard.index;
  }
  instruction.opcode = reader_.name();
  while (reader_.peek().kind == Token::Kind::Dotted)
    instruction.modifiers.push_back(reader_.next().text);
  if (!reader_.peek().is(';'))
    do
      instruction.operands.push_back(parse_operand());
    while (reader_.take(','));
  reader_.expect(';');
  function_.instructions.push_back(std::move(instruction));
}

SourceOperand FunctionParser::parse_operand() {
  if (reader_.take('!')) {
    SourceOperand operand = parse_operand();
    operand.negated = true;
    return operand;
  }
  SourceOperand operand;
  if (reader_.take('{'))
    operand = parse_elements(SourceOperand::Kind::Vector, '}');
  else if (reader_.take('('))
    operand = parse_elements(SourceOperand::Kind::List, ')');
  else if (reader_.take('['))
    operand = parse_memory();
  else if (reader_.peek().kind == Token::Kind::Name)
    operand = parse_named();
  else
    operand = parse_number();
  if (reader_.take('|')) {
    SourceOperand pair{.kind = SourceOperand::Kind::Pair};
    pair.elements.push_back(std::move(operand));
    pair.elements.push_back(parse_operand());
    return pair;
  }
  return operand;
}

SourceOperand FunctionParser::parse_elements(SourceOperand::Kind kind, char end) {
  SourceOperand operand{.kind = kind};
  if (reader_.take(end))
    return operand;
  do
    operand.elements.push_back(parse_operand());
  while (reader_.take(','));
  reader_.expect(end);
  return operand;
}

SourceOperand FunctionParser::parse_memory() {
  SourceOperand operand{.kind = SourceOperand::Kind::Memory};
  operand.elements.push_back(parse_operand());
  operand.offset = operand.elements[0].offset + parse_offset();
  operand.elements[0].offset = 0;
  reader_.expect(']');
  return operand;
}

std::int64_t FunctionParser::parse_offset() {
  if (reader_.take('+'))
    return static_cast<std::int64_t>(reader_.integer());
  return reader_.peek().is('-') ? static_cast<std::int64_t>(reader_.integer()) : 0;
}

SourceOperand FunctionParser::parse_number() {
  const bool minus = reader_.take('-');
  const Token token = reader_.next();
  SourceOperand operand{.bits = token.bits, .text = token.text};
  if (token.kind == Token::Kind::Integer) {
    operand.kind = SourceOperand::Kind::Integer;
    operand.bits = minus ? 0 - token.bits : token.bits;
  } else if (token.kind == Token::Kind::Single) {
    operand.kind = SourceOperand::Kind::Single;
    operand.bits ^= minus ? std::uint64_t{1} << 31 : 0;
  } else if (token.kind == Token::Kind::Double) {
    operand.kind = SourceOperand::Kind::Double;
    operand.bits ^= minus ? std::uint64_t{1} << 63 : 0;
  } else {
    throw PtxError(token.line, "expected an operand at \"" + std::string(token.text) + '"');
  }
  return operand;
}

template <class Members>
const std::uint32_t* FunctionParser::find(Members members, std::string_view name, std::uint32_t scope) const {
  while (true) {
    const auto& known = scopes_[scope].*members;
    if (const auto found = known.find(name); found != known.end())
      return &found->second;
    if (scope == 0)
      return nullptr;
    scope = scopes_[scope].parent;
  }
}

SourceOperand FunctionParser::parse_named() {
  SourceOperand operand{.text = reader_.name()};
  if (operand.text == "_")
    return operand;
  if (const std::uint32_t* known = find(&Scope::registers, operand.text, scope_)) {
    operand.kind = SourceOperand::Kind::Register;
    operand.index = *known;
    return operand;
  }
  if (operand.text[0] == '%' || operand.text == "WARP_SZ") {
    operand.kind = SourceOperand::Kind::Special;
    std::string_view name = operand.text;
    if (reader_.peek().kind == Token::Kind::Dotted) {
      const std::string_view part = reader_.next().text;
      name = {name.data(), static_cast<std::size_t>(part.data() + part.size() - name.data())};
    }
    operand.text = name[0] == '%' ? name.substr(1) : name;
    return operand;
  }
  operand.offset = parse_offset();
  operand.kind = SourceOperand::Kind::Name;
  if (const std::uint32_t* known = find(&Scope::variables, operand.text, scope_)) {
    operand.kind = SourceOperand::Kind::Variable;
    operand.index = *known;
  }
  return operand;
}

void FunctionParser::resolve_branches() {
  for (SourceInstruction& instruction : function_.instructions) {
    if (instruction.opcode != "bra")
      continue;
    if (instruction.operands.size() != 1)
      throw PtxError(instruction.line, "bra wants one label");
    const std::string_view name = instruction.operands[0].text;
    const std::uint32_t* label = find(&Scope::labels, name, instruction.scope);
    if (label == nullptr)
      throw PtxError(instruction.line, "no label " + std::string(name));
    instruction.target = *label;
  }
}

} // namespace sciexam::emulated

// The body of a PTX function.
#pragma once

#include "ptx_emulator/text/syntax.hpp"
#include "ptx_emulator/text/token_reader.hpp"

#include <map>
#include <string>
#include <string_view>

namespace sciexam::emulated {

/// ".align 8 .b8 name[24] = {1, 2}": what follows the state space, up to (not including) ',' ';' or ')'.
Variable parse_variable(TokenReader& reader, Space space);

class FunctionParser {
public:
  FunctionParser(TokenReader& reader, SourceFunction& function);
  /// From '{' to its '}'.
  void parse_body();

private:
  struct Scope {
    std::uint32_t parent = 0;
    std::map<std::string, std::uint32_t, std::less<>> registers = {};
    std::map<std::string, std::uint32_t, std::less<>> variables = {};
    std::map<std::string, std::uint32_t, std::less<>> labels = {};
  };

  void parse_block();
  void parse_statement();
  bool parse_directive();
  void parse_registers();
  void parse_instruction();
  SourceOperand parse_operand();
  SourceOperand parse_elements(SourceOperand::Kind kind, char end);
  SourceOperand parse_memory();
  SourceOperand parse_named();
  SourceOperand parse_number();
  std::int64_t parse_offset();
  void resolve_branches();

  template <class Members>
  const std::uint32_t* find(Members members, std::string_view name, std::uint32_t scope) const;

  TokenReader& reader_;
  SourceFunction& function_;
  std::vector<Scope> scopes_; ///< the first is the function's, its own parent
  std::uint32_t scope_ = 0;   ///< the innermost open one
};

} // namespace sciexam::emulated

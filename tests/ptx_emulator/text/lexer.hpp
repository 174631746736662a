// PTX text -> tokens.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace sciexam::emulated {

struct Token {
  enum class Kind {
    Name,    ///< opcode, label, variable or register (with its %)
    Dotted,  ///< a directive or modifier; `text` is without the dot
    Integer, ///< value in `bits`
    Single,  ///< 0f...: a float's bits
    Double,  ///< 0d... or a decimal fraction: a double's bits
    Text,    ///< a quoted string
    Mark,    ///< one character of punctuation
    End
  };
  Kind kind = Kind::End;
  std::string_view text = {}; ///< part of the lexed text
  std::uint64_t bits = 0;
  unsigned line = 0; ///< from 1

  bool is(char mark) const { return kind == Kind::Mark && text[0] == mark; }
  bool is_dotted(std::string_view name) const { return kind == Kind::Dotted && text == name; }
};

/// The last token is Kind::End. Throws PtxError.
std::vector<Token> lex(std::string_view text);

} // namespace sciexam::emulated

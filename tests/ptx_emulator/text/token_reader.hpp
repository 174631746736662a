// A walk through tokens, with the errors that a parser needs.
#pragma once

#include "ptx_emulator/text/lexer.hpp"
#include "ptx_emulator/text/types.hpp"

#include <string>
#include <utility>
#include <vector>

namespace sciexam::emulated {

class TokenReader {
public:
  explicit TokenReader(std::vector<Token> tokens) : tokens_(std::move(tokens)) {}

  const Token& peek(std::size_t ahead = 0) const { return tokens_[std::min(at_ + ahead, tokens_.size() - 1)]; }
  Token next() {
    const Token token = peek();
    at_ += token.kind != Token::Kind::End;
    return token;
  }
  bool take(char mark) {
    const bool is = peek().is(mark);
    at_ += is;
    return is;
  }
  bool take_dotted(std::string_view name) {
    const bool is = peek().is_dotted(name);
    at_ += is;
    return is;
  }
  void expect(char mark) {
    if (!take(mark))
      fail(std::string("expected '") + mark + "'");
  }
  std::string_view name() {
    if (peek().kind != Token::Kind::Name)
      fail("expected a name");
    return next().text;
  }
  std::uint64_t integer() {
    const bool minus = take('-');
    if (peek().kind != Token::Kind::Integer)
      fail("expected an integer");
    const std::uint64_t value = next().bits;
    return minus ? 0 - value : value;
  }
  void skip_line(unsigned line) {
    while (peek().kind != Token::Kind::End && peek().line == line)
      ++at_;
  }
  [[noreturn]] void fail(const std::string& problem) const {
    const Token& token = peek();
    throw PtxError(token.line, problem + (token.kind == Token::Kind::End ? " before the end"
                                                                         : " at \"" + std::string(token.text) + '"'));
  }

private:
  std::vector<Token> tokens_;
  std::size_t at_ = 0;
};

} // namespace sciexam::emulated

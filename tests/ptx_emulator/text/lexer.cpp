#include "ptx_emulator/text/lexer.hpp"

#include "ptx_emulator/text/types.hpp"

#include <bit>
#include <cctype>
#include <charconv>
#include <string>

namespace sciexam::emulated {
namespace {

bool is_name_character(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '$';
}

class Lexer {
public:
  explicit Lexer(std::string_view text) : text_(text) {}

  std::vector<Token> all() {
    std::vector<Token> tokens;
    do
      tokens.push_back(next());
    while (tokens.back().kind != Token::Kind::End);
    return tokens;
  }

private:
  char peek(std::size_t ahead = 0) const { return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0'; }

  void skip_blanks() {
    while (at_ < text_.size()) {
      if (text_.substr(at_, 2) == "//") {
        at_ = std::min(text_.find('\n', at_), text_.size());
      } else if (text_.substr(at_, 2) == "/*") {
        const std::size_t end = text_.find("*/", at_ + 2);
        if (end == std::string_view::npos)
          throw PtxError(line_, "a comment does not end");
        for (; at_ < end + 2; ++at_)
          line_ += text_[at_] == '\n';
      } else if (std::isspace(static_cast<unsigned char>(text_[at_])) != 0) {
        line_ += text_[at_++] == '\n';
      } else {
        return;
      }
    }
  }

  std::string_view take_name() {
    const std::size_t start = at_;
    while (is_name_character(peek()) || (peek() == ':' && peek(1) == ':'))
      at_ += peek() == ':' ? 2 : 1;
    return text_.substr(start, at_ - start);
  }

  Token next() {
    skip_blanks();
    Token token{.line = line_};
    const char c = peek();
    if (at_ == text_.size())
      return token;
    if (std::isdigit(static_cast<unsigned char>(c)) != 0)
      return number();
    const std::size_t start = at_;
    if (c == '.' && is_name_character(peek(1))) {
      ++at_;
      token.kind = Token::Kind::Dotted;
      token.text = take_name();
    } else if (is_name_character(c) || (c == '%' && is_name_character(peek(1)))) {
      token.kind = Token::Kind::Name;
      for (++at_; is_name_character(peek());)
        ++at_;
      token.text = text_.substr(start, at_ - start);
    } else if (c == '"') {
      const std::size_t end = text_.find('"', at_ + 1);
      if (end == std::string_view::npos)
        throw PtxError(line_, "a string does not end");
      token.kind = Token::Kind::Text;
      token.text = text_.substr(start + 1, end - start - 1);
      at_ = end + 1;
    } else {
      token.kind = Token::Kind::Mark;
      token.text = text_.substr(at_++, 1);
    }
    return token;
  }

  Token number() {
    Token token{.kind = Token::Kind::Integer, .line = line_};
    const std::size_t start = at_;
    int base = 10;
    const char prefix = peek() == '0' ? static_cast<char>(std::tolower(static_cast<unsigned char>(peek(1)))) : '\0';
    if (prefix == 'x' || prefix == 'f' || prefix == 'd' || prefix == 'b') {
      base = prefix == 'b' ? 2 : 16;
      if (prefix == 'f')
        token.kind = Token::Kind::Single;
      else if (prefix == 'd')
        token.kind = Token::Kind::Double;
      at_ += 2;
    } else if (std::isdigit(static_cast<unsigned char>(prefix)) != 0) {
      base = 8;
      ++at_;
    }
    const char* const end = text_.data() + text_.size();
    const auto whole = std::from_chars(text_.data() + at_, end, token.bits, base);
    std::size_t after = static_cast<std::size_t>(whole.ptr - text_.data());
    if (base == 10 && after < text_.size() && (text_[after] == '.' || text_[after] == 'e' || text_[after] == 'E')) {
      double value = 0;
      const auto fraction = std::from_chars(text_.data() + start, end, value);
      after = static_cast<std::size_t>(fraction.ptr - text_.data());
      token.kind = Token::Kind::Double;
      token.bits = std::bit_cast<std::uint64_t>(value);
    }
    at_ = after;
    if (peek() == 'U')
      ++at_;
    token.text = text_.substr(start, at_ - start);
    if (whole.ec != std::errc() || is_name_character(peek()))
      throw PtxError(line_, "\"" + std::string(token.text) + "...\" is no number");
    return token;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  unsigned line_ = 1;
};

} // namespace

std::vector<Token> lex(std::string_view text) {
  return Lexer(text).all();
}

} // namespace sciexam::emulated

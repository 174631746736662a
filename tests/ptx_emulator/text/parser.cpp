#include "ptx_emulator/text/parser.hpp"

#include "ptx_emulator/text/function_parser.hpp"
#include "ptx_emulator/text/lexer.hpp"
#include "ptx_emulator/text/token_reader.hpp"

#include <algorithm>

namespace sciexam::emulated {
namespace {

class ModuleParser {
public:
  ModuleParser(SourceModule& module, std::vector<Token> tokens) : module_(module), reader_(std::move(tokens)) {}

  void parse() {
    while (reader_.peek().kind != Token::Kind::End)
      parse_top();
    if (module_.version == 0 || module_.target == 0)
      reader_.fail("no .version or no .target");
  }

private:
  void parse_top() {
    const Token token = reader_.next();
    if (token.kind != Token::Kind::Dotted)
      throw PtxError(token.line, "expected a directive at \"" + std::string(token.text) + '"');
    if (token.text == "version")
      parse_version();
    else if (token.text == "target")
      parse_target();
    else if (token.text == "address_size") {
      if (reader_.integer() != 64)
        reader_.fail("only 64-bit addresses are known");
    } else if (token.text == "file" || token.text == "section") {
      parse_debugging(token);
    } else if (token.text == "entry" || token.text == "func") {
      parse_function(token);
    } else if (const auto space = space_named(token.text)) {
      do
        module_.variables.push_back(parse_variable(reader_, *space));
      while (reader_.take(','));
      reader_.expect(';');
    } else if (token.text != "visible" && token.text != "extern" && token.text != "weak" && token.text != "common") {
      throw PtxError(token.line, "unknown directive ." + std::string(token.text));
    }
  }

  void parse_version() {
    const Token token = reader_.next(); // "7.5" is lexed as a fraction
    const std::string text(token.text);
    const std::size_t dot = text.find('.');
    if (dot == std::string::npos)
      throw PtxError(token.line, "expected a version such as 6.5");
    module_.version =
        static_cast<unsigned>(std::stoul(text.substr(0, dot)) * 10 + std::stoul("0" + text.substr(dot + 1)));
  }

  void parse_target() {
    const std::string name(reader_.name());
    if (name.rfind("sm_", 0) != 0 || name.find_first_not_of("0123456789", 3) != std::string::npos)
      reader_.fail("expected a target such as sm_75");
    module_.target = static_cast<unsigned>(std::stoul("0" + name.substr(3)));
    while (reader_.take(','))
      reader_.name(); // "debug"
  }

  void parse_debugging(const Token& directive) {
    reader_.skip_line(directive.line);
    if (directive.text == "section" && reader_.take('{'))
      while (!reader_.take('}'))
        if (reader_.next().kind == Token::Kind::End)
          reader_.fail("a section does not end");
  }

  /// "(.param .b32 x, .param ...)"
  void parse_parameters(SourceFunction& function, std::vector<std::uint32_t>& list) {
    if (!reader_.take('(') || reader_.take(')'))
      return;
    do {
      if (!reader_.take_dotted("param"))
        reader_.fail("parameters must be .param");
      list.push_back(static_cast<std::uint32_t>(function.variables.size()));
      function.variables.push_back(parse_variable(reader_, Space::Param));
    } while (reader_.take(','));
    reader_.expect(')');
  }

  void parse_function(const Token& directive) {
    SourceFunction function{.entry = directive.text == "entry", .line = directive.line};
    if (!function.entry)
      parse_parameters(function, function.results);
    function.name = reader_.name();
    parse_parameters(function, function.parameters);
    parse_limits(function);
    if (!reader_.take(';')) {
      FunctionParser(reader_, function).parse_body();
      function.defined = true;
    }
    const auto known = std::find_if(module_.functions.begin(), module_.functions.end(),
                                    [&](const SourceFunction& other) { return other.name == function.name; });
    if (known == module_.functions.end())
      module_.functions.push_back(std::move(function));
    else if (known->defined && function.defined)
      throw PtxError(directive.line, function.name + " is defined twice");
    else if (function.defined)
      *known = std::move(function);
  }

  void parse_limits(SourceFunction& function) {
    while (reader_.peek().kind == Token::Kind::Dotted) {
      const Token limit = reader_.next();
      std::uint64_t product = 1;
      while (reader_.peek().kind == Token::Kind::Integer) {
        product *= reader_.integer();
        if (!reader_.take(','))
          break;
      }
      if (limit.text == "maxntid" || limit.text == "reqntid")
        function.most_threads = static_cast<std::uint32_t>(product);
      else if (limit.text != "minnctapersm" && limit.text != "maxnreg" && limit.text != "noreturn")
        throw PtxError(limit.line, "unknown directive ." + std::string(limit.text) + " of a function");
    }
  }

  SourceModule& module_;
  TokenReader reader_;
};

} // namespace

std::unique_ptr<SourceModule> parse(std::string text) {
  auto module = std::make_unique<SourceModule>();
  module->text = std::move(text);
  std::string_view rest = module->text;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    module->lines.push_back(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  ModuleParser(*module, lex(module->text)).parse();
  return module;
}

} // namespace sciexam::emulated

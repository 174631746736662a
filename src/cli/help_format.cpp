#include "cli/help_format.hpp"

#include <algorithm>
#include <sstream>
#include <string_view>

namespace sciexam::inline cli {
namespace {

/// Of CLI11's "TYPE:CHECK", such as "UINT:UINT in [1 - 1000]", "ENUM:value in {sum->1,...} OR {...}" or "FLOAT".
std::string value_word(const std::string& type) {
  const std::size_t colon = type.find(':');
  const std::string name = type.substr(0, colon), check = colon == type.npos ? "" : type.substr(colon + 1);
  if (const std::size_t open = check.find('['); open != check.npos) {
    std::string range = check.substr(open + 1, check.find(']') - open - 1);
    if (const std::size_t between = range.find(" - "); between != range.npos)
      return range.replace(between, 3, "-");
  }
  if (name == "INT" || name == "UINT")
    return "N";
  if (name == "FLOAT")
    return "X";
  return name == "ENUM" ? "NAME" : name;
}

/// Breaks a text into lines of at most `width` where it can.
std::string wrapped(const std::string& text, std::size_t width) {
  std::string lines;
  std::size_t column = 0;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find(' ', begin), text.size());
    if (column > 0) {
      const bool fits = column + 1 + end - begin <= width;
      lines += fits ? ' ' : '\n';
      column = fits ? column + 1 : 0;
    }
    lines.append(text, begin, end - begin);
    column += end - begin;
    begin = end + 1;
  }
  return lines;
}

constexpr std::size_t kColumns = 100;

/// Breaks lines that are too long, into lines of the same indentation.
std::string with_broken_lines(const std::string& text) {
  std::istringstream lines(text);
  std::string broken;
  for (std::string line; std::getline(lines, line); broken += '\n')
    if (line.size() <= kColumns) {
      broken += line;
    } else {
      const std::size_t indent = line.find_first_not_of(' ');
      std::istringstream parts(wrapped(line.substr(indent), kColumns - indent));
      std::size_t count = 0;
      for (std::string part; std::getline(parts, part); ++count)
        broken += (count > 0 ? "\n" : "") + std::string(indent, ' ') + part;
    }
  return broken;
}

} // namespace

std::vector<std::string> choices_of(const CLI::Option& option) {
  const std::string type = option.get_type_name();
  std::vector<std::string> choices;
  const std::size_t open = type.find('{');
  if (open == type.npos)
    return choices;
  const std::string_view list = std::string_view(type).substr(open + 1, type.find('}', open) - open - 1);
  for (std::size_t begin = 0; begin <= list.size();) {
    const std::size_t end = std::min(list.find(',', begin), list.size());
    const std::string_view one = list.substr(begin, end - begin);
    choices.emplace_back(one.substr(0, one.find("->")));
    begin = end + 1;
  }
  return choices;
}

std::string HelpFormat::make_help(const CLI::App* app, std::string name, CLI::AppFormatMode mode) const {
  if (mode == CLI::AppFormatMode::Sub)
    return make_expanded(app);
  std::string text = make_description(app) + make_usage(app, name) + make_positionals(app) +
                     make_subcommands(app, mode) + make_groups(app, mode) + make_footer(app);
  for (std::size_t blank = text.find("\n\n\n"); blank != text.npos; blank = text.find("\n\n\n", blank))
    text.erase(blank, 1);
  return with_broken_lines(text);
}

std::string HelpFormat::make_subcommand(const CLI::App* command) const {
  std::ostringstream out;
  CLI::detail::format_help(out, command->get_display_name(true),
                           wrapped(command->get_description(), kColumns - get_column_width()), get_column_width());
  return out.str();
}

std::string HelpFormat::make_option_desc(const CLI::Option* option) const {
  return wrapped(option->get_description(), kColumns - get_column_width());
}

std::string HelpFormat::make_option_opts(const CLI::Option* option) const {
  if (option->get_type_size() == 0)
    return "";
  std::string text = " " + value_word(option->get_type_name());
  if (option->get_expected_max() == CLI::detail::expected_max_vector_size)
    text += " ...";
  if (!option->get_default_str().empty() && option->get_description().find('[') == std::string::npos)
    text += " [" + option->get_default_str() + "]";
  if (option->get_required())
    text += " (required)";
  return text;
}

} // namespace sciexam::inline cli

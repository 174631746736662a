// How --help looks.
#pragma once

#include <string>
#include <vector>

#include <CLI/CLI.hpp>

namespace sciexam::inline cli {

/// In 100 columns; commands before options; an option's value is one word: N, X, TEXT, a range such as 0-1, or a name
/// that the option was given. Defaults stand in the descriptions.
class HelpFormat : public CLI::Formatter {
public:
  std::string make_help(const CLI::App* app, std::string name, CLI::AppFormatMode mode) const override;
  std::string make_subcommand(const CLI::App* command) const override;
  std::string make_option_opts(const CLI::Option* option) const override;
  std::string make_option_desc(const CLI::Option* option) const override;
};

/// The values of an option that takes one of a few names; empty for others.
std::vector<std::string> choices_of(const CLI::Option& option);

} // namespace sciexam::inline cli

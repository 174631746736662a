// What somebody is told who does not know the command line yet.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

namespace sciexam::inline cli {

/// The program, the command that the first word names, and the commands within it that later words name.
std::vector<const CLI::App*> named_commands(const CLI::App& app, const std::vector<std::string>& words);

/// What is wrong with the first word if it should be a command, or with the first option that its command lacks, with
/// the nearest that there is. Nothing if all are known: whether they fit is CLI11's to say.
std::optional<std::string> unknown_word(const CLI::App& app, const std::vector<std::string>& words);

/// The candidate that a mistyped word may mean: at most a third of its letters have to change (changed, added, left out
/// or exchanged with the next). Empty if there is none.
std::string nearest(const std::string& word, const std::vector<std::string>& candidates);

/// Lines for somebody who has started the program to see what it is.
std::string first_steps();

/// A script that completes commands, options and their choices in bash.
std::string bash_completion(const CLI::App& app);

} // namespace sciexam::inline cli

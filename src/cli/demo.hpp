// sciexam-run --demo.
#pragma once

#include "cli/commands.hpp"

#include <string>

namespace sciexam::inline cli {

/// Answers the built-in questions with the built-in package and prints both, with the MAP@3.
ExitStatus run_demo(int threads, const std::string& device, const std::string& precision);

} // namespace sciexam::inline cli

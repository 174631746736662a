// The small exam and the small ensemble that the executable carries.
#pragma once

#include "cli/commands.hpp"
#include "exam/question.hpp"
#include "package/package.hpp"

#include <string>

namespace sciexam {

Exam read_demo_exam();
Package open_demo_package();

/// Answers the built-in questions with the built-in package and prints both, with the MAP@3.
ExitStatus run_demo(int threads, const std::string& device, const std::string& precision);

} // namespace sciexam

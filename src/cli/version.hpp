// What --version prints.
#pragma once

#include <string>

namespace sciexam::inline cli {

/// MAJOR.MINOR.PATCH, which CMakeLists.txt has.
std::string version();

/// "sciexam-run VERSION (revision 0659689)".
std::string version_line();

/// Version, git revision, the versions of the libraries, the kernels chosen on this CPU.
std::string version_text();

} // namespace sciexam::inline cli

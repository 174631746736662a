// What --version prints.
#pragma once

#include <string>

namespace sciexam::inline cli {

/// "0.1.0".
std::string version();

/// "sciexam-run 0.1.0 (revision 0659689)".
std::string version_line();

/// Version, git revision, the versions of the libraries, the kernels chosen on this CPU.
std::string version_text();

} // namespace sciexam::inline cli

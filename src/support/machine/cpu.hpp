// What the CPU can do.
#pragma once

#include <string>

namespace sciexam::inline support {

/// True if the CPU supports x86-64-v3 (AVX2, FMA, BMI, F16C, ...), the minimum for sciexam.
bool cpu_is_supported();

/// The relevant instruction sets that the CPU has, e.g. "AVX2 FMA AVX-512 VNNI".
std::string cpu_features();

/// The CPU's name as /proc/cpuinfo has it, or "unknown".
std::string cpu_model();

} // namespace sciexam::inline support

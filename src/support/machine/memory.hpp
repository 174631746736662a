// How much memory this process may use.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace sciexam::inline support {

/// Bytes that this process may still use: the machine's available memory or, if less, what the limits of its control
/// groups leave (memory that only caches files counts as free). Beyond that the system kills the process, and there is
/// no error to catch; limits of the process itself (ulimit -v) make allocations fail instead and are not considered.
/// 0 if unknown. Tests replace `root`, which is "/".
std::uint64_t available_memory(const std::filesystem::path& root = "/");

/// Returns freed memory to the system, which otherwise still counts it as this process's.
void give_back_memory();

/// Sets memory aside that operator new releases when it finds no other: enough to unwind, to run destructors
/// (nlohmann's allocates) and to report the failure. Once released it is gone until the next call. Returns false if
/// there is not even that much.
bool renew_memory_reserve();

/// "5.1 GB", "120 MB".
std::string format_memory(std::uint64_t bytes);

} // namespace sciexam::inline support

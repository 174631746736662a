// How much memory this process may use.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace sciexam {

/// Bytes that this process may still use: what the machine has available, and what the limits of its control groups
/// leave (memory that only caches files counts as free). Beyond that the system ends the process, without an error
/// that could be caught; limits of the process itself (ulimit -v) make allocations fail and are not looked at. 0
/// where it cannot be known. `root` stands for "/" in tests.
std::uint64_t available_memory(const std::filesystem::path& root = "/");

/// Gives memory that was freed back to the system, which else counts it as this process's.
void give_back_memory();

/// Holds some memory back that operator new gives up when it finds no other: then there is room to unwind, to destroy
/// (nlohmann's destructor allocates) and to tell it. Once given up it is gone until the next call. False if not even
/// that much is there.
bool renew_memory_reserve();

/// "5.1 GB", "120 MB".
std::string format_memory(std::uint64_t bytes);

} // namespace sciexam

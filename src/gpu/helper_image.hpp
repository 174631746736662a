// The helper's executable (helper/main.cpp), which lies zstd-packed in the program, and starting it.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include <sys/types.h>

namespace sciexam {

/// The bytes of the ELF file.
std::string helper_image();

/// Starts it from memory or, where memory may not be executed, from a file in `folder` (unless that is empty), which is
/// gone when this returns. `descriptors` become 3, 4, ... in the new process. It gets the signal to end when the thread
/// that called this ends. Throws WorkError with the system's reason.
pid_t start_helper(const std::vector<std::string>& arguments, const std::vector<int>& descriptors,
                   const std::filesystem::path& folder);

} // namespace sciexam

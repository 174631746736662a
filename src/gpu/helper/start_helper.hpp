// Starting the helper process.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include <sys/types.h>

namespace sciexam::inline gpu {

/// Starts helper_image() from memory or, where memory may not be executed, from a file in `folder` (unless that is
/// empty), which is deleted before this returns. `descriptors` become 3, 4, ... in the new process. The helper is
/// killed when the thread that called this ends. Throws WorkError with the system's reason.
pid_t start_helper(const std::vector<std::string>& arguments, const std::vector<int>& descriptors,
                   const std::filesystem::path& folder);

} // namespace sciexam::inline gpu

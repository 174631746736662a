// The control groups of this process: a container's share of the machine.
#pragma once

#include <filesystem>
#include <functional>
#include <string_view>

namespace sciexam::inline support {

/// Calls visit with the folder of this process's group for `controller` ("cpu", "memory"), then with those of all
/// its ancestors, for cgroup v2 and v1 as far as they are mounted. Tests replace `root`, which is "/".
void for_each_cgroup(std::string_view controller, const std::function<void(const std::filesystem::path&)>& visit,
                     const std::filesystem::path& root = "/");

} // namespace sciexam::inline support

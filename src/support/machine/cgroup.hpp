// The control groups that this process is in: what a container is given of the machine.
#pragma once

#include <filesystem>
#include <functional>
#include <string_view>

namespace sciexam {

/// Calls visit with the folder of this process's group for `controller` ("cpu", "memory") and then with those of
/// all groups above it, for cgroup v2 and v1 as far as they are mounted. `root` stands for "/" in tests.
void for_each_cgroup(std::string_view controller, const std::function<void(const std::filesystem::path&)>& visit,
                     const std::filesystem::path& root = "/");

} // namespace sciexam

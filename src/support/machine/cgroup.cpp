#include "support/machine/cgroup.hpp"

#include <fstream>
#include <string>

namespace sciexam::inline support {
namespace {

/// True if `name` is an element of the list "a,b,c".
bool lists(std::string_view list, std::string_view name) {
  for (std::size_t begin = 0; begin <= list.size();) {
    const std::size_t end = std::min(list.find(',', begin), list.size());
    if (list.substr(begin, end - begin) == name)
      return true;
    begin = end + 1;
  }
  return false;
}

} // namespace

void for_each_cgroup(std::string_view controller, const std::function<void(const std::filesystem::path&)>& visit,
                     const std::filesystem::path& root) {
  // A line is "0::PATH" (v2) or "4:cpu,cpuacct:PATH" (v1).
  std::ifstream groups(root / "proc/self/cgroup");
  for (std::string line; std::getline(groups, line);) {
    const std::size_t first = line.find(':');
    const std::size_t second = line.find(':', first + 1);
    if (second == std::string::npos)
      continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    if (!controllers.empty() && !lists(controllers, controller))
      continue;
    std::filesystem::path mount = root / "sys/fs/cgroup";
    if (!controllers.empty())
      mount /= controller;
    // In a container the path may be the host's, so the ancestors up to the mounted group are visited too.
    for (std::string path = line.substr(second + 1);; path.erase(path.rfind('/'))) {
      visit(path.size() > 1 ? mount / path.substr(1) : mount);
      if (path.size() <= 1 || path.find('/') == std::string::npos)
        break;
    }
  }
}

} // namespace sciexam::inline support

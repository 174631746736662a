#include "support/threads.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <exception>
#include <fstream>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <sched.h>

namespace sciexam {
namespace {

/// CPUs that the quota of one cgroup folder grants; nothing if it sets none.
std::optional<double> quota_of(const std::string& folder) {
  std::string quota, period;
  if (std::ifstream(folder + "/cpu.max") >> quota >> period && quota != "max")
    return std::stod(quota) / std::stod(period);
  if (std::ifstream(folder + "/cpu.cfs_quota_us") >> quota && quota[0] != '-' &&
      std::ifstream(folder + "/cpu.cfs_period_us") >> period)
    return std::stod(quota) / std::stod(period);
  return std::nullopt;
}

/// The least quota of this process's cgroup and its parents, as /proc/self/cgroup names them.
std::optional<double> cgroup_quota() {
  std::optional<double> least;
  std::ifstream groups("/proc/self/cgroup");
  for (std::string line; std::getline(groups, line);) {
    const std::size_t first = line.find(':');
    const std::size_t second = line.find(':', first + 1);
    if (second == std::string::npos)
      continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    if (!controllers.empty() && controllers.find("cpu") == std::string::npos)
      continue;
    const std::string root = controllers.empty() ? "/sys/fs/cgroup" : "/sys/fs/cgroup/cpu";
    // In a container the path may be the host's: its parents up to the mounted root are asked too.
    for (std::string path = line.substr(second + 1);; path.erase(path.rfind('/'))) {
      if (const auto quota = quota_of(root + (path == "/" ? "" : path)))
        least = std::min(least.value_or(*quota), *quota);
      if (path.empty() || path == "/")
        break;
    }
  }
  return least;
}

} // namespace

int available_threads() {
  int threads = static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
  cpu_set_t mask;
  if (::sched_getaffinity(0, sizeof mask, &mask) == 0)
    threads = std::max(1, CPU_COUNT(&mask));
  try {
    if (const auto quota = cgroup_quota())
      threads = std::min(threads, std::max(1, static_cast<int>(std::ceil(*quota))));
  } catch (const std::logic_error&) {
    // A quota file that holds no number limits nothing.
  }
  return threads;
}

void parallel_for(std::size_t count, int threads, const std::function<void(std::size_t)>& task) {
  std::atomic<std::size_t> next{0};
  std::exception_ptr failure;
  std::mutex failure_mutex;
  const auto work = [&] {
    for (std::size_t i = next++; i < count; i = next++) {
      try {
        task(i);
      } catch (...) {
        const std::lock_guard lock(failure_mutex);
        if (!failure)
          failure = std::current_exception();
        next = count;
      }
    }
  };
  std::vector<std::jthread> helpers;
  const std::size_t workers = std::min(count, static_cast<std::size_t>(std::max(1, threads)));
  for (std::size_t i = 1; i < workers; ++i)
    helpers.emplace_back(work);
  work();
  helpers.clear(); // joins
  if (failure)
    std::rethrow_exception(failure);
}

} // namespace sciexam

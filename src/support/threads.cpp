#include "support/threads.hpp"

#include "support/cgroup.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <exception>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <optional>
#include <string>
#include <system_error>
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

/// The least quota of this process's cgroup and its parents.
std::optional<double> cgroup_quota() {
  std::optional<double> least;
  for_each_cgroup("cpu", [&](const std::filesystem::path& group) {
    if (const auto quota = quota_of(group.string()))
      least = std::min(least.value_or(*quota), *quota);
  });
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
  try {
    for (std::size_t i = 1; i < workers; ++i)
      helpers.emplace_back(work);
  } catch (const std::system_error&) {
    // No further thread is to be had: those that there are do all of it.
  }
  work();
  helpers.clear(); // joins
  if (failure)
    std::rethrow_exception(failure);
}

} // namespace sciexam

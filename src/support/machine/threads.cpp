#include "support/machine/threads.hpp"

#include "support/machine/cgroup.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <exception>
#include <fstream>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

#include <sched.h>

namespace sciexam::inline support {
namespace {

/// The quota of one group in CPUs; nothing if it has none ("max" in v2, -1 in v1).
std::optional<double> quota_of(const std::filesystem::path& group) {
  double quota = 0, period = 0; // microseconds
  const bool found =
      std::ifstream(group / "cpu.max") >> quota >> period ||
      (std::ifstream(group / "cpu.cfs_quota_us") >> quota && std::ifstream(group / "cpu.cfs_period_us") >> period);
  return found && quota > 0 && period > 0 ? std::optional(quota / period) : std::nullopt;
}

cpu_set_t cpus_at_start; // empty if unknown

/// Runs before any library's initialisation, including the sanitizers'.
__attribute__((no_sanitize("address", "undefined"))) void note_cpus() {
  ::sched_getaffinity(0, sizeof cpus_at_start, &cpus_at_start);
}
[[gnu::section(".preinit_array"), gnu::used]] void (*const kNoteCpusFirst)() = note_cpus;

} // namespace

std::optional<double> cpu_quota(const std::filesystem::path& root) {
  std::optional<double> least;
  for_each_cgroup(
      "cpu",
      [&](const std::filesystem::path& group) {
        if (const auto quota = quota_of(group))
          least = std::min(least.value_or(*quota), *quota);
      },
      root);
  return least;
}

int available_threads() {
  int threads = static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
  cpu_set_t mask;
  if (::sched_getaffinity(0, sizeof mask, &mask) == 0)
    threads = std::max(1, CPU_COUNT(&mask));
  const double granted = std::ceil(cpu_quota().value_or(threads));
  return static_cast<int>(std::clamp<double>(granted, 1, threads));
}

void use_all_cpus() {
  if (CPU_COUNT(&cpus_at_start) > 0)
    ::sched_setaffinity(0, sizeof cpus_at_start, &cpus_at_start); // if refused, fewer CPUs have to do
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
    // No more threads can be started: those already running do all the work.
  }
  work();
  helpers.clear(); // joins
  if (failure)
    std::rethrow_exception(failure);
}

} // namespace sciexam::inline support

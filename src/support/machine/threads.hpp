// How many threads this process may use, and a loop over them.
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <optional>

namespace sciexam::inline support {

/// The CPU time that this process's control groups grant, in CPUs: the smallest quota of its own group and its
/// ancestors (v2 cpu.max, v1 cfs_quota_us). Nothing if none sets a quota, or if /sys or /proc are not mounted. Tests
/// replace `root`, which is "/".
std::optional<double> cpu_quota(const std::filesystem::path& root = "/");

/// CPUs that this process may use at once: those of its affinity mask, but no more than cpu_quota() rounded up; at
/// least 1.
int available_threads();

/// Gives the calling thread, and those that it will start, all CPUs of the process's initial affinity mask. Call it
/// first in main(): with OMP_PROC_BIND or OMP_PLACES set, the OpenMP library has bound the thread to one CPU by then.
void use_all_cpus();

/// Calls task(0) .. task(count - 1), each once, on up to `threads` threads, in no
/// particular order; rethrows the first exception once all threads have finished.
/// For loading and parsing; tensor work has LibTorch's own pool.
void parallel_for(std::size_t count, int threads, const std::function<void(std::size_t)>& task);

} // namespace sciexam::inline support

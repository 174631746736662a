// How many threads this process may use, and a loop over them.
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <optional>

namespace sciexam {

/// How many CPUs' time this process's control groups grant: the least quota of its own and those above it (v2 cpu.max,
/// v1 cfs_quota_us). Nothing if none sets one, or where /sys or /proc are not mounted. `root` stands for "/" in tests.
std::optional<double> cpu_quota(const std::filesystem::path& root = "/");

/// CPUs that this process may use at once: those of its affinity mask, no more than cpu_quota() rounded up, at least 1.
int available_threads();

/// Gives the calling thread, and those that it will start, all CPUs of the mask that the process was started with. Call
/// it first in main(): with OMP_PROC_BIND or OMP_PLACES set, OpenMP's library has bound the thread to one CPU by then.
void use_all_cpus();

/// Calls task(0) .. task(count - 1), each once, on at most `threads` threads,
/// in no particular order; rethrows the first exception after all have ended.
/// For loading and parsing; tensor work has LibTorch's own pool.
void parallel_for(std::size_t count, int threads, const std::function<void(std::size_t)>& task);

} // namespace sciexam

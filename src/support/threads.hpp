// How many threads this process may use, and a loop over them.
#pragma once

#include <cstddef>
#include <functional>

namespace sciexam {

/// CPUs that this process may use at once: the least of its affinity mask and
/// its cgroup's quota (v2 cpu.max, v1 cfs_quota_us; rounded up), at least 1.
/// Where /sys or /proc are not mounted the mask alone decides.
int available_threads();

/// Calls task(0) .. task(count - 1), each once, on at most `threads` threads,
/// in no particular order; rethrows the first exception after all have ended.
/// For loading and parsing; tensor work has LibTorch's own pool.
void parallel_for(std::size_t count, int threads, const std::function<void(std::size_t)>& task);

} // namespace sciexam

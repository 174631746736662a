// LibTorch's threads, as the workers of our kernels.
#pragma once

#include "kernels/workers.hpp"

namespace sciexam::inline model {

/// As many as at::get_num_threads() says. Each takes the tasks of a part of its own in order, then what others have
/// left of theirs. So the worker of a task is nearly always that of the same part of the step before, and finds in its
/// own core's caches what it wrote there. (Measured on Zen 4, two threads: int8 and bf16 are 1 to 3 % faster than with
/// tasks taken from one queue.)
Workers torch_workers();

} // namespace sciexam::inline model

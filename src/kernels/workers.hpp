// The threads that kernels run on, lent by the caller.
#pragma once

#include <cstdint>
#include <functional>

namespace sciexam::inline kernels {

struct Workers {
  int count = 1;
  /// Calls task(worker, i) for i = 0 .. tasks - 1, each once; worker is 0 .. count - 1, and no two calls with the same
  /// worker run concurrently. Tasks must not throw. Tasks of different steps that lie at the same place among all
  /// work on the same rows: it is well to give them to the same worker.
  std::function<void(std::int64_t tasks, const std::function<void(int worker, std::int64_t i)>& task)> run;
};

} // namespace sciexam::inline kernels

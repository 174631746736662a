// The kernels of every instruction set that can run here.
#pragma once

#include "kernels/packed_matrix.hpp"
#include "kernels/workers.hpp"
#include "kernels/workspace.hpp"

#include <string>
#include <utility>
#include <vector>

namespace sciexam::test {

std::vector<std::pair<std::string, const KernelTable*>> every_kernel_table();

/// Three threads.
Workers three_workers();

/// True if dense() gives a row the same bits alone as among 250 on three threads.
bool rows_are_independent(const PackedMatrix& matrix);

/// All on the calling thread.
inline Workers single_worker() {
  return {1, [](std::int64_t tasks, const std::function<void(int, std::int64_t)>& task) {
            for (std::int64_t i = 0; i < tasks; ++i)
              task(0, i);
          }};
}

/// Shared by all tests, in the state that the previous one left.
inline Workspace workspace;

} // namespace sciexam::test

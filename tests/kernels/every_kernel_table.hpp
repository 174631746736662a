// The kernels of every instruction set that can run here.
#pragma once

#include "kernels/kernel_table.hpp"
#include "kernels/workers.hpp"

#include <string>
#include <utility>
#include <vector>

namespace sciexam::test {

std::vector<std::pair<std::string, const KernelTable*>> every_kernel_table();

/// Three threads.
Workers three_workers();

} // namespace sciexam::test

// bench --device cuda.
#pragma once

#include "cli/bench/bench_table.hpp"

namespace sciexam::inline cli {

/// bench --device cuda...: prints a table by length, of each GPU and of all together. Throws WorkError where no GPU can
/// be used.
void bench_devices(const BenchOptions& options);

} // namespace sciexam::inline cli

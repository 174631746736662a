// bench --package.
#pragma once

#include "cli/bench/bench_table.hpp"

namespace sciexam::inline cli {

/// bench --package FOLDER: prints how long its first model takes to load, and, for comparison, to read its file from
/// the page cache, to read, check and decompress it, and to pack random weights of that shape (projected tables
/// included). Each is the best of three.
void bench_loading(const BenchOptions& options);

} // namespace sciexam::inline cli

// One thread reads the corpus, the others make runs of it.
#pragma once

#include "retrieval/build/build_request.hpp"
#include "retrieval/build/run_store.hpp"

namespace sciexam::inline retrieval {

/// Reads what of the corpus is not in `store` yet, and adds it as runs. Returns what the whole corpus had. Throws what
/// reading and writing throw, and Stopped; runs that are complete stay.
CorpusCounts build_runs(const BuildRequest& request, const RunStore& store);

} // namespace sciexam::inline retrieval

// A corpus -> an index: in bounded memory, on all threads, and again after a kill.
#pragma once

#include "retrieval/build/build_request.hpp"
#include "retrieval/build/corpus_stream.hpp"
#include "retrieval/index/index_manifest.hpp"

#include <cstdint>
namespace sciexam::inline retrieval {

struct BuildResult {
  IndexManifest manifest;
  CorpusCounts counts;
  bool resumed = false; ///< an earlier call had begun it
};

/// Reads, cuts and analyses the corpus in stretches ("runs") that are kept in FOLDER/building, and merges them. The
/// files of the index have the same bytes for any number of threads, any memory, and after any kill. Logs what it does,
/// with progress. Throws UsageError if the folder has anything else in it, InputError for a bad corpus or an empty one,
/// WorkError if the disk is full, Stopped (merge.hpp) if request.stop() says so.
BuildResult build_index(const BuildRequest& request);

} // namespace sciexam::inline retrieval

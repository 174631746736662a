// Makes an index of runs. Everything may be written again after a kill: the runs stay until the index is complete.
#pragma once

#include "retrieval/build/run_reader.hpp"
#include "retrieval/index/index_manifest.hpp"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <vector>

namespace sciexam::inline retrieval {

struct MergeSteps {
  std::function<void(std::uint64_t)> advance = nullptr; ///< bytes of text, or postings, since the last call
  std::function<bool()> stop = nullptr;                 ///< true: throw Stopped
};

/// Thrown where MergeSteps::stop() says so.
struct Stopped {};

/// Writes the shards and the dictionary: all runs' terms in order, each with its postings in the order of passages.
/// Holds two bytes a passage. Throws WorkError, PackageError.
void merge_postings(std::span<const Run> runs, const std::filesystem::path& folder, const MergeSteps& steps,
                    IndexManifest& manifest);

/// Writes the texts, compressed on `threads` threads; the bytes do not depend on them, nor on where runs end.
void merge_texts(std::span<const Run> runs, const std::filesystem::path& folder, int threads, const MergeSteps& steps,
                 IndexManifest& manifest);

} // namespace sciexam::inline retrieval

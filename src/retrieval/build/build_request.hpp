// What an index is built of, and how.
#pragma once

#include "retrieval/corpus/cutter.hpp"
#include "retrieval/text/analyser.hpp"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace sciexam::inline retrieval {

struct BuildRequest {
  std::vector<std::filesystem::path> files; ///< the corpus, in order
  std::filesystem::path folder;             ///< made if missing; what is in it must be of an earlier, killed build
  CutterSettings cutter = {};
  AnalyserSettings analyser = {};
  std::string title = {}, created_by = {}, licence = {}, attribution = {};
  int threads = 1;
  std::uint64_t memory = std::uint64_t{1} << 30; ///< bytes that building may take, about
  std::function<bool()> stop = nullptr;          ///< true: end as soon as possible, to go on later
};

} // namespace sciexam::inline retrieval

// Memory that kernels reuse in every layer: allocated once, it stays mapped and warm.
#pragma once

#include "kernels/aligned_floats.hpp"

#include <vector>

namespace sciexam::inline kernels {

struct Workspace {
  std::vector<ReusedFloats> of_worker = {};
  ReusedFloats key_table = {}, query_table = {}; ///< by distance
  ReusedFloats projected = {};                   ///< q, k and v of all tokens

  /// `floats` for each worker.
  void prepare(int workers, std::int64_t floats) {
    if (of_worker.size() < static_cast<std::size_t>(workers))
      of_worker.resize(static_cast<std::size_t>(workers));
    for (ReusedFloats& scratch : of_worker)
      scratch.take(floats);
  }
  /// What prepare() made.
  float* scratch(int worker) { return of_worker[static_cast<std::size_t>(worker)].take(0); }
};

} // namespace sciexam::inline kernels

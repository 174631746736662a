// Where the lanes of a warp meet again after a branch that not all of them take.
#pragma once

#include <cstdint>
#include <vector>

namespace sciexam::emulated {

/// What control flow needs to know of an instruction.
struct FlowStep {
  bool branches = false; ///< to `target`; if not `conditional`, always
  bool conditional = false;
  bool ends = false; ///< leaves the function
  std::uint32_t target = 0;
};

/// For each step that branches conditionally the first instruction of its immediate post-dominator, kNowhere where the
/// paths meet only at the function's end. After Cooper, Harvey and Kennedy, "A Simple, Fast Dominance Algorithm".
std::vector<std::uint32_t> reconvergence(const std::vector<FlowStep>& steps);

} // namespace sciexam::emulated

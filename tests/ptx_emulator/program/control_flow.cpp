#include "ptx_emulator/program/control_flow.hpp"

#include "ptx_emulator/program/instruction.hpp"

#include <algorithm>

namespace sciexam::emulated {
namespace {

class Graph {
public:
  explicit Graph(const std::vector<FlowStep>& steps) : steps_(steps) {
    find_blocks();
    connect();
    order();
    solve();
  }

  std::uint32_t meeting_after(std::uint32_t step) const {
    const std::uint32_t block = dominator_[block_of_[step]];
    return block == kNowhere || block == end_ ? kNowhere : first_[block];
  }

private:
  void find_blocks() {
    std::vector<bool> leads(steps_.size() + 1, false);
    leads[0] = true;
    for (std::size_t k = 0; k < steps_.size(); ++k) {
      if (steps_[k].branches)
        leads[steps_[k].target] = true;
      if (steps_[k].branches || steps_[k].ends)
        leads[k + 1] = true;
    }
    for (std::uint32_t k = 0; k < steps_.size(); ++k) {
      if (leads[k])
        first_.push_back(k);
      block_of_.push_back(static_cast<std::uint32_t>(first_.size() - 1));
    }
    end_ = static_cast<std::uint32_t>(first_.size());
    block_of_.push_back(end_);
  }

  void connect() {
    successors_.resize(end_ + 1);
    predecessors_.resize(end_ + 1);
    for (std::uint32_t block = 0; block < end_; ++block) {
      const std::uint32_t after = block + 1 < end_ ? first_[block + 1] : static_cast<std::uint32_t>(steps_.size());
      const FlowStep& last = steps_[after - 1];
      if (last.branches)
        successors_[block].push_back(block_of_[last.target]);
      if (last.ends)
        successors_[block].push_back(end_);
      else if (!last.branches || last.conditional)
        successors_[block].push_back(block_of_[after]);
      for (const std::uint32_t next : successors_[block])
        predecessors_[next].push_back(block);
    }
  }

  /// Numbers the blocks that reach the end in postorder of the reversed graph.
  void order() {
    number_.assign(end_ + 1, kNowhere);
    std::vector<bool> visited(end_ + 1, false);
    std::vector<std::pair<std::uint32_t, std::size_t>> path = {{end_, 0}};
    visited[end_] = true;
    while (!path.empty()) {
      auto& [block, edge] = path.back();
      if (edge == predecessors_[block].size()) {
        number_[block] = static_cast<std::uint32_t>(postorder_.size());
        postorder_.push_back(block);
        path.pop_back();
      } else if (const std::uint32_t next = predecessors_[block][edge++]; !visited[next]) {
        visited[next] = true;
        path.emplace_back(next, 0);
      }
    }
  }

  void solve() {
    dominator_.assign(end_ + 1, kNowhere);
    dominator_[end_] = end_;
    for (bool changed = true; changed;) {
      changed = false;
      for (auto block = postorder_.rbegin() + 1; block != postorder_.rend(); ++block) {
        std::uint32_t meeting = kNowhere;
        for (const std::uint32_t next : successors_[*block])
          if (dominator_[next] != kNowhere)
            meeting = meeting == kNowhere ? next : intersect(meeting, next);
        changed = changed || dominator_[*block] != meeting;
        dominator_[*block] = meeting;
      }
    }
  }

  std::uint32_t intersect(std::uint32_t a, std::uint32_t b) const {
    while (a != b) {
      while (number_[a] < number_[b])
        a = dominator_[a];
      while (number_[b] < number_[a])
        b = dominator_[b];
    }
    return a;
  }

  const std::vector<FlowStep>& steps_;
  std::vector<std::uint32_t> first_;    ///< a block's first step
  std::vector<std::uint32_t> block_of_; ///< a step's block; one past the last step is the end
  std::uint32_t end_ = 0;
  std::vector<std::vector<std::uint32_t>> successors_;
  std::vector<std::vector<std::uint32_t>> predecessors_;
  std::vector<std::uint32_t> number_;
  std::vector<std::uint32_t> postorder_;
  std::vector<std::uint32_t> dominator_; ///< immediate post-dominator
};

} // namespace

std::vector<std::uint32_t> reconvergence(const std::vector<FlowStep>& steps) {
  std::vector<std::uint32_t> meetings(steps.size(), kNowhere);
  const Graph graph(steps);
  for (std::uint32_t k = 0; k < steps.size(); ++k)
    if (steps[k].branches && steps[k].conditional)
      meetings[k] = graph.meeting_after(k);
  return meetings;
}

} // namespace sciexam::emulated

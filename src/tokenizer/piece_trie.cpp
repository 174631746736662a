#include "tokenizer/piece_trie.hpp"

#include <algorithm>

namespace sciexam::inline tokenizer {

PieceTrie::PieceTrie(std::vector<Entry> entries) : nodes_(1) {
  std::ranges::sort(entries);
  // The entries below node n, which share their first `depth` bytes.
  struct Range {
    std::size_t begin, end, depth;
  };
  std::vector<Range> ranges = {{0, entries.size(), 0}};
  for (std::size_t n = 0; n < nodes_.size(); ++n) {
    auto [begin, end, depth] = ranges[n];
    if (begin < end && entries[begin].first.size() == depth)
      nodes_[n].id = entries[begin++].second;
    nodes_[n].first_child = static_cast<std::uint32_t>(nodes_.size());
    while (begin < end) {
      const char byte = entries[begin].first[depth];
      std::size_t next = begin + 1;
      while (next < end && entries[next].first[depth] == byte)
        ++next;
      ranges.push_back({begin, next, depth + 1});
      nodes_.push_back({.label = static_cast<std::uint8_t>(byte)});
      ++nodes_[n].children;
      begin = next;
    }
  }
}

const PieceTrie::Node* PieceTrie::child(const Node& node, std::uint8_t label) const noexcept {
  const Node* begin = nodes_.data() + node.first_child;
  const Node* end = begin + node.children;
  const Node* found = std::lower_bound(begin, end, label, [](const Node& n, std::uint8_t l) { return n.label < l; });
  return found != end && found->label == label ? found : nullptr;
}

} // namespace sciexam::inline tokenizer

// Which pieces does a text begin with?
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace sciexam::inline tokenizer {

/// A trie over the bytes of pieces. The children of a node lie side by side,
/// ordered by their byte.
class PieceTrie {
public:
  /// Text and id of each piece; no text is empty or occurs twice, no id is negative.
  using Entry = std::pair<std::string_view, std::int32_t>;
  explicit PieceTrie(std::vector<Entry> entries);

  /// Calls found(bytes, id) for every piece that `text` begins with, shortest first.
  template <typename Found>
  void for_each_prefix(std::string_view text, Found&& found) const {
    const Node* node = nodes_.data();
    for (std::size_t i = 0; i < text.size(); ++i) {
      node = child(*node, static_cast<unsigned char>(text[i]));
      if (node == nullptr)
        return;
      if (node->id >= 0)
        found(i + 1, node->id);
    }
  }

private:
  struct Node {
    std::int32_t id = -1; ///< of the piece that ends here, or -1
    std::uint32_t first_child = 0;
    std::uint16_t children = 0;
    std::uint8_t label = 0;
  };

  const Node* child(const Node& node, std::uint8_t label) const noexcept;

  std::vector<Node> nodes_; // breadth first; the root is the first
};

} // namespace sciexam::inline tokenizer

// A piece of a vocabulary.
#pragma once

#include <string>

namespace sciexam::inline tokenizer {

/// One piece of the vocabulary; its id is its place in the list.
struct Piece {
  std::string text; ///< UTF-8, not empty; a space is written as U+2581
  double score = 0; ///< log probability; finite
  /// Control pieces and user-defined ones: only a literal occurrence in the raw text gives them.
  bool literal = false;

  bool operator==(const Piece&) const = default;
};

} // namespace sciexam::inline tokenizer

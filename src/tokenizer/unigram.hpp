// Cutting a word into the pieces of a unigram language model.
#pragma once

#include "tokenizer/piece.hpp"
#include "tokenizer/piece_trie.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace sciexam::inline tokenizer {

/// Finds the most probable segmentation (Kudo 2018, arXiv:1804.10959, section 3.1)
/// by Viterbi's algorithm. SentencePiece's own encoder is not used, because it
/// adds scores in float and Hugging Face's tokenizers (models/unigram/model.rs)
/// in double: where two ways to cut a text are equal or nearly so, as in long
/// runs of one letter, the two choose differently. Also as there: every
/// piece takes part, whatever its type; unknown characters beside each other
/// give one unknown piece; there is no fallback to bytes. The
/// scores are the doubles nearest to what the file says, which a model was trained
/// with; the library itself reads a tokenizer.json back with some of them off by
/// the last bit, so that a tie may go the other way there.
class Unigram {
public:
  Unigram(const std::vector<Piece>& pieces, std::int32_t unknown_id);

  /// Appends the ids of the pieces of `word`, well-formed UTF-8.
  void segment(std::string_view word, std::vector<std::int32_t>& ids) const;

private:
  /// The best way to cut the text up to one place.
  struct Cut {
    double score = 0;
    std::size_t previous = kNone; ///< where its last piece begins
    std::int32_t id = 0;          ///< that piece
  };
  static constexpr std::size_t kNone = static_cast<std::size_t>(-1);

  std::vector<Cut> best_cuts(std::string_view word) const;

  PieceTrie trie_;
  std::vector<double> scores_; // by id
  double unknown_score_;
  std::int32_t unknown_id_;
};

} // namespace sciexam::inline tokenizer

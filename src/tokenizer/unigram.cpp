#include "tokenizer/unigram.hpp"

#include "support/text/utf8.hpp"

#include <algorithm>

namespace sciexam::inline tokenizer {
namespace {

constexpr double kUnknownPenalty = 10.0; // kUnkPenalty in SentencePiece and in tokenizers

PieceTrie make_trie(const std::vector<Piece>& pieces) {
  std::vector<PieceTrie::Entry> entries;
  entries.reserve(pieces.size());
  for (std::size_t id = 0; id < pieces.size(); ++id)
    entries.emplace_back(pieces[id].text, static_cast<std::int32_t>(id));
  return PieceTrie(std::move(entries));
}

} // namespace

Unigram::Unigram(const std::vector<Piece>& pieces, std::int32_t unknown_id)
    : trie_(make_trie(pieces)), unknown_id_(unknown_id) {
  scores_.reserve(pieces.size());
  for (const Piece& piece : pieces)
    scores_.push_back(piece.score);
  unknown_score_ = *std::ranges::min_element(scores_) - kUnknownPenalty;
}

void Unigram::segment(std::string_view word, std::vector<std::int32_t>& ids) const {
  const std::vector<Cut> cuts = best_cuts(word);
  const auto first = static_cast<std::ptrdiff_t>(ids.size());
  for (std::size_t end = word.size(); end > 0; end = cuts[end].previous) {
    const bool continues_unknown = cuts[end].id == unknown_id_ && end != word.size() && ids.back() == unknown_id_;
    if (!continues_unknown)
      ids.push_back(cuts[end].id);
  }
  std::reverse(ids.begin() + first, ids.end());
}

// cuts[n] is the best cut of the first n bytes. Of two equal ones the one found
// first stays: the one whose last piece begins earlier.
std::vector<Unigram::Cut> Unigram::best_cuts(std::string_view word) const {
  std::vector<Cut> cuts(word.size() + 1);
  const auto offer = [&](std::size_t begin, std::size_t length, double score, std::int32_t id) {
    Cut& cut = cuts[begin + length];
    const double total = score + cuts[begin].score;
    if (cut.previous == kNone || total > cut.score)
      cut = {total, begin, id};
  };
  for (std::size_t begin = 0; begin < word.size();) {
    const auto character = static_cast<std::size_t>(decode_utf8(word, begin).length);
    bool known = false;
    trie_.for_each_prefix(word.substr(begin), [&](std::size_t length, std::int32_t id) {
      offer(begin, length, scores_[static_cast<std::size_t>(id)], id);
      known = known || length == character;
    });
    if (!known)
      offer(begin, character, unknown_score_, unknown_id_);
    begin += character;
  }
  return cuts;
}

} // namespace sciexam::inline tokenizer

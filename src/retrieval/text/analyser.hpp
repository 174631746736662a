// Text -> the terms that are counted in passages and looked for by queries.
#pragma once

#include "retrieval/text/stem.hpp"
#include "retrieval/text/word_scanner.hpp"
#include "retrieval/text/word_table.hpp"
#include "support/text/json.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sciexam::inline retrieval {

struct AnalyserSettings {
  bool stems = true;      ///< words without digits become their English Snowball stems
  bool stop_words = true; ///< English function words (stop_words.hpp) are left out

  bool operator==(const AnalyserSettings&) const = default;
};

struct Term {
  std::string_view
      text; ///< 1 to WordScanner::kMostBytes bytes of UTF-8, plus what case folding adds; valid during the call
  /// The same for the same word of this analyser, counted up from 0, below Analyser::most_words(); WordTable::kNone
  /// where it is not known. Several words have one text ("cell", "cells"). A caller who keeps its own number by `word`
  /// looks `text` up once a word.
  std::uint32_t word;
};

/// Folds a text (fold.hpp), splits it into words (word_scanner.hpp), leaves stop words out and stems the rest. One
/// analyser a thread; all give the same terms.
class Analyser {
public:
  static constexpr std::size_t kMostWords = std::size_t{1} << 18;

  /// `most_words` are remembered, with some 40 bytes each; it does not change what the terms are.
  explicit Analyser(AnalyserSettings settings = {}, std::size_t most_words = kMostWords);

  /// Calls take(Term) for every term of `text` in order. Any bytes will do: what is not UTF-8 separates words.
  template <typename Take>
  void terms(std::string_view text, Take take) {
    start(text);
    for (Term term; next(term);)
      take(term);
  }
  /// Their texts.
  std::vector<std::string> terms(std::string_view text);

  std::size_t most_words() const noexcept { return most_words_; }
  const AnalyserSettings& settings() const noexcept { return settings_; }

  /// {"name", "version", "settings", "sample"}: what an index records. "sample" is a hash of the terms of a fixed text,
  /// which changes with the libraries' behaviour even where nobody thought of the version.
  Json record() const;
  /// The analyser of a record. Throws InputError if this program's would give other terms.
  static Analyser from_record(const JsonView& record);

private:
  void start(std::string_view text);
  bool next(Term& term);
  std::string_view make_term(std::string_view word, bool is_letters);

  AnalyserSettings settings_;
  std::size_t most_words_;
  WordScanner scanner_;
  WordTable words_;
  Stemmer stemmer_;
  std::string folded_;
};

} // namespace sciexam::inline retrieval

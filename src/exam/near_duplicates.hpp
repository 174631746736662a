// Questions that say the same in nearly the same words: MinHash over word 5-grams
// (Broder, "On the resemblance and containment of documents", 1997) finds
// candidates; the exact similarity of their sets of 5-grams decides.
#pragma once

#include "exam/question.hpp"

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sciexam::inline exam {

/// Two questions and how alike they are, up to 1.
struct NearDuplicate {
  std::size_t first, second; ///< indices into the spans that were compared
  double similarity;

  bool operator==(const NearDuplicate&) const = default;
};

/// Near-duplicates of the competition's questions in the public question sets are at least this similar; other
/// questions, such as two about one subject or of one pattern, are less so.
inline constexpr double kNearDuplicate = 0.8;
/// The least threshold: below it most questions on one subject are alike.
inline constexpr double kLeastNearDuplicate = 0.3;

/// What questions with equal prompts but different options count as.
enum class EqualPrompts {
  are_alike,    ///< near-duplicates: they ask about one subject, and nothing of an exam may leak
  need_options, ///< other questions, unless they share half of their options: "Which of these is a mixture?"
};

/// The words by which texts are compared: runs of letters, digits and marks, in lower case, and each
/// mathematical symbol. A text without spaces between its words (Chinese) is one word.
std::vector<std::string> normalized_words(std::string_view text);

/// The pairs of a question of `a` and one of `b` whose similarity is at least `threshold`: the
/// Jaccard similarity of the sets of word 5-grams (a text of fewer words is one gram), the greater of
///   - that of the prompts alone, where both have a word that says what is asked about (not so "Which
///     of these is true?") and, if EqualPrompts::need_options, at least half of the options of the one that has
///     fewer are options of the other too, and
///   - that of prompts and options together, the options in any order; but where both have an answer,
///     only if the right options are alike too: the same options are often offered for two different questions.
/// Sorted by first, second. The context is ignored. Deterministic; a pair above the threshold is
/// missed with a probability below 0.001. Where very many questions fall into one bucket, each is compared with its
/// first ones. Throws InternalError if the threshold is not within [kLeastNearDuplicate, 1].
std::vector<NearDuplicate> near_duplicates(std::span<const Question> a, std::span<const Question> b,
                                           double threshold = kNearDuplicate,
                                           EqualPrompts prompts = EqualPrompts::are_alike);

/// The same among the questions of one span; first < second.
std::vector<NearDuplicate> near_duplicates_within(std::span<const Question> questions,
                                                  double threshold = kNearDuplicate,
                                                  EqualPrompts prompts = EqualPrompts::are_alike);

} // namespace sciexam::inline exam

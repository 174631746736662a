#include "exam/near_duplicates.hpp"

#include "support/errors.hpp"
#include "support/machine/threads.hpp"
#include "support/text/utf8.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <tuple>
#include <utility>

#include <utf8proc.h>

namespace sciexam::inline exam {
namespace {

constexpr std::size_t kGram = 5;
constexpr std::size_t kHashes = 128;
constexpr double kMissed = 1e-3;     // the greatest probability with which a pair may be missed
constexpr std::size_t kBucket = 256; // members of a bucket that others are compared with
constexpr double kSameAnswer = 0.5;  // the least similarity of right options that mean the same
constexpr std::size_t kBlock = 256;  // questions that a thread takes at once

constexpr std::size_t blocks_of(std::size_t count) {
  return (count + kBlock - 1) / kBlock;
}

/// Words of questions that do not say what is asked about. Sorted.
constexpr std::string_view kQuestionWords[] = {
    "a",        "about",     "accurate",  "accurately", "all",      "among",  "an",        "and",       "answer",
    "are",      "as",        "be",        "best",       "by",       "can",    "choose",    "correct",   "correctly",
    "describe", "described", "describes", "do",         "does",     "false",  "following", "for",       "from",
    "given",    "how",       "in",        "incorrect",  "is",       "it",     "most",      "not",       "of",
    "on",       "one",       "option",    "options",    "question", "select", "sentence",  "statement", "statements",
    "that",     "the",       "these",     "this",       "to",       "true",   "was",       "were",      "what",
    "when",     "where",     "which",     "who",        "why",      "with",   "wrong",     "you"};

/// Letters, marks (of accents, of Indic vowels) and numbers.
bool is_part_of_word(utf8proc_category_t category) {
  return category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_NO;
}

/// Steele, Lea and Flood, "Fast splittable pseudorandom number generators" (2014): its mixing function.
constexpr std::uint64_t mix(std::uint64_t value) {
  value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9u;
  value = (value ^ (value >> 27)) * 0x94D049BB133111EBu;
  return value ^ (value >> 31);
}

std::uint64_t hash_of(std::string_view word) {
  std::uint64_t hash = 0xCBF29CE484222325u; // FNV-1a
  for (const char byte : word)
    hash = (hash ^ static_cast<unsigned char>(byte)) * 0x100000001B3u;
  return mix(hash);
}

using Grams = std::vector<std::uint64_t>; // hashes of 5-grams, sorted, each once

void append_grams(const std::vector<std::string>& words, Grams& grams) {
  if (words.empty())
    return;
  std::vector<std::uint64_t> hashes(words.size());
  std::transform(words.begin(), words.end(), hashes.begin(), hash_of);
  const std::size_t length = std::min(kGram, words.size());
  for (std::size_t begin = 0; begin + length <= words.size(); ++begin) {
    std::uint64_t gram = length;
    for (std::size_t i = 0; i < length; ++i)
      gram = mix(gram + hashes[begin + i]);
    grams.push_back(gram);
  }
}

void make_set(Grams& grams) {
  std::sort(grams.begin(), grams.end());
  grams.erase(std::unique(grams.begin(), grams.end()), grams.end());
}

/// How many the two sets have in common.
std::size_t count_common(const Grams& a, const Grams& b) {
  std::size_t common = 0;
  for (auto left = a.begin(), right = b.begin(); left != a.end() && right != b.end();) {
    common += *left == *right;
    const bool advance_left = *left <= *right, advance_right = *right <= *left;
    left += advance_left;
    right += advance_right;
  }
  return common;
}

/// |a and b| / |a or b|; 0 for two empty sets, which say nothing.
double jaccard(const Grams& a, const Grams& b) {
  const std::size_t common = count_common(a, b);
  const std::size_t all = a.size() + b.size() - common;
  return all == 0 ? 0 : static_cast<double>(common) / static_cast<double>(all);
}

/// The parts of a question that are compared.
struct Sets {
  Grams prompt;  ///< empty where the prompt alone does not say what is asked about
  Grams whole;   ///< of prompt and options
  Grams answer;  ///< of the right option; empty if it is not known
  Grams options; ///< a hash of each one's words
};

/// A hash of words in their order.
std::uint64_t hash_of(const std::vector<std::string>& words) {
  std::uint64_t hash = words.size();
  for (const std::string& word : words)
    hash = mix(hash + hash_of(std::string_view(word)));
  return hash;
}

Sets sets_of(const Question& question) {
  Sets sets;
  const std::vector<std::string> words = normalized_words(question.prompt);
  append_grams(words, sets.whole);
  const bool says_something = std::any_of(words.begin(), words.end(), [](const std::string& word) {
    return !std::binary_search(std::begin(kQuestionWords), std::end(kQuestionWords), word);
  });
  if (says_something)
    sets.prompt = sets.whole;
  for (int option = 0; option < kOptions; ++option) {
    const std::vector<std::string> option_words = normalized_words(question.options[static_cast<std::size_t>(option)]);
    append_grams(option_words, sets.whole);
    if (!option_words.empty())
      sets.options.push_back(hash_of(option_words));
    if (question.answer == option)
      append_grams(option_words, sets.answer);
  }
  for (Grams* grams : {&sets.prompt, &sets.whole, &sets.answer, &sets.options})
    make_set(*grams);
  return sets;
}

bool share_options(const Sets& a, const Sets& b) {
  const std::size_t fewer = std::min(a.options.size(), b.options.size());
  return 2 * count_common(a.options, b.options) >= std::max<std::size_t>(fewer, 1);
}

double similarity_of(const Sets& a, const Sets& b, EqualPrompts equal_prompts) {
  const bool count_prompts = equal_prompts == EqualPrompts::are_alike || share_options(a, b);
  const double prompts = count_prompts ? jaccard(a.prompt, b.prompt) : 0;
  const bool both_answered = !a.answer.empty() && !b.answer.empty();
  if (both_answered && jaccard(a.answer, b.answer) < kSameAnswer)
    return prompts;
  return std::max(prompts, jaccard(a.whole, b.whole));
}

/// How the hashes of a signature are combined into keys: questions that share a key are compared.
struct Bands {
  std::size_t rows, count;
};

/// The most hashes per key, thus the fewest comparisons, such that pairs at the threshold are not missed:
/// a pair shares a key with probability 1 - (1 - threshold^rows)^count.
Bands bands_for(double threshold) {
  for (std::size_t rows = 8; rows > 1; --rows) {
    const std::size_t count = kHashes / rows;
    if (std::pow(1 - std::pow(threshold, static_cast<double>(rows)), static_cast<double>(count)) <= kMissed)
      return {rows, count};
  }
  return {1, kHashes};
}

constexpr auto kMultipliers = [] {
  std::array<std::uint64_t, kHashes> multipliers{};
  for (std::size_t i = 0; i < kHashes; ++i)
    multipliers[i] = mix(i + 1) | 1;
  return multipliers;
}();

using Keys = std::vector<std::uint64_t>;

/// The MinHash signature of `grams`, combined into keys; none if there are no grams. Hash i of a gram x is the
/// upper half of multiplier_i * x (Dietzfelbinger et al., "A reliable randomized algorithm for the closest-pair
/// problem", 1997).
Keys keys_of(const Grams& grams, Bands bands) {
  std::array<std::uint32_t, kHashes> least;
  least.fill(std::numeric_limits<std::uint32_t>::max());
  for (const std::uint64_t gram : grams)
    for (std::size_t i = 0; i < kHashes; ++i)
      least[i] = std::min(least[i], static_cast<std::uint32_t>((gram * kMultipliers[i]) >> 32));
  Keys keys;
  for (std::size_t band = 0; band < bands.count && !grams.empty(); ++band) {
    std::uint64_t key = band;
    for (std::size_t row = 0; row < bands.rows; ++row)
      key = mix(key + least[band * bands.rows + row]);
    keys.push_back(key);
  }
  return keys;
}

/// Runs work(begin, end) over 0 .. count in blocks, on all threads.
void for_blocks(std::size_t count,
                const std::function<void(std::size_t block, std::size_t begin, std::size_t end)>& work) {
  parallel_for(blocks_of(count), available_threads(),
               [&](std::size_t block) { work(block, block * kBlock, std::min(count, (block + 1) * kBlock)); });
}

struct Sketches {
  std::vector<Sets> sets;
  std::vector<Keys> prompts, wholes;
};

Sketches sketches_of(std::span<const Question> questions, Bands bands) {
  Sketches sketches{std::vector<Sets>(questions.size()), std::vector<Keys>(questions.size()),
                    std::vector<Keys>(questions.size())};
  for_blocks(questions.size(), [&](std::size_t, std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
      sketches.sets[i] = sets_of(questions[i]);
      sketches.prompts[i] = keys_of(sketches.sets[i].prompt, bands);
      sketches.wholes[i] = keys_of(sketches.sets[i].whole, bands);
    }
  });
  return sketches;
}

/// Which questions have a key.
class Buckets {
public:
  explicit Buckets(const std::vector<Keys>& keys) {
    for (std::size_t i = 0; i < keys.size(); ++i)
      for (const std::uint64_t key : keys[i])
        entries_.emplace_back(key, i);
    std::sort(entries_.begin(), entries_.end());
  }

  /// Appends the questions below `limit` that share one of the keys: the first kBucket of each bucket.
  void append(const Keys& keys, std::size_t limit, std::vector<std::size_t>& candidates) const {
    for (const std::uint64_t key : keys) {
      auto entry = std::lower_bound(entries_.begin(), entries_.end(), std::pair(key, std::size_t{0}));
      for (std::size_t taken = 0; taken < kBucket && entry != entries_.end() && entry->first == key; ++taken, ++entry)
        if (entry->second < limit)
          candidates.push_back(entry->second);
    }
  }

private:
  std::vector<std::pair<std::uint64_t, std::size_t>> entries_;
};

/// The pairs of one of `left` and one of `right`; within one set (`within`), each pair once.
std::vector<NearDuplicate> find_pairs(const Sketches& left, const Sketches& right, bool within, double threshold,
                                      EqualPrompts prompts) {
  const Buckets by_prompt(right.prompts), by_whole(right.wholes);
  std::vector<std::vector<NearDuplicate>> found(blocks_of(left.sets.size()));
  for_blocks(left.sets.size(), [&](std::size_t block, std::size_t begin, std::size_t end) {
    std::vector<std::size_t> candidates;
    for (std::size_t i = begin; i < end; ++i) {
      candidates.clear();
      const std::size_t limit = within ? i : right.sets.size();
      by_prompt.append(left.prompts[i], limit, candidates);
      by_whole.append(left.wholes[i], limit, candidates);
      std::sort(candidates.begin(), candidates.end());
      candidates.erase(std::unique(candidates.begin(), candidates.end()), candidates.end());
      for (const std::size_t j : candidates)
        if (const double similarity = similarity_of(left.sets[i], right.sets[j], prompts); similarity >= threshold)
          found[block].push_back({within ? j : i, within ? i : j, similarity});
    }
  });
  std::vector<NearDuplicate> pairs;
  for (const std::vector<NearDuplicate>& part : found)
    pairs.insert(pairs.end(), part.begin(), part.end());
  std::sort(pairs.begin(), pairs.end(), [](const NearDuplicate& a, const NearDuplicate& b) {
    return std::tie(a.first, a.second) < std::tie(b.first, b.second);
  });
  return pairs;
}

Bands checked_bands(double threshold) {
  if (!(threshold >= kLeastNearDuplicate && threshold <= 1))
    throw InternalError("near-duplicates were asked for with the threshold " + std::to_string(threshold));
  return bands_for(threshold);
}

} // namespace

std::vector<std::string> normalized_words(std::string_view text) {
  std::vector<std::string> words;
  bool inside = false;
  for (std::size_t offset = 0; offset < text.size();) {
    const Utf8Character character = decode_utf8(text, offset);
    offset += static_cast<std::size_t>(std::max(character.length, 1));
    const auto code_point = static_cast<utf8proc_int32_t>(character.code_point);
    const utf8proc_category_t category = utf8proc_category(code_point);
    const bool symbol = category == UTF8PROC_CATEGORY_SM;
    const bool part_of_word = character.length > 0 && is_part_of_word(category);
    if (symbol || (part_of_word && !inside))
      words.emplace_back();
    if (symbol || part_of_word)
      append_utf8(words.back(), static_cast<char32_t>(utf8proc_tolower(code_point)));
    inside = part_of_word;
  }
  return words;
}

std::vector<NearDuplicate> near_duplicates(std::span<const Question> a, std::span<const Question> b, double threshold,
                                           EqualPrompts prompts) {
  const Bands bands = checked_bands(threshold);
  return find_pairs(sketches_of(a, bands), sketches_of(b, bands), false, threshold, prompts);
}

std::vector<NearDuplicate> near_duplicates_within(std::span<const Question> questions, double threshold,
                                                  EqualPrompts prompts) {
  const Sketches sketches = sketches_of(questions, checked_bands(threshold));
  return find_pairs(sketches, sketches, true, threshold, prompts);
}

} // namespace sciexam::inline exam

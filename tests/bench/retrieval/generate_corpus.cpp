// A corpus to measure building and searching by, as JSON lines: Zipf-like terms, a passage's from its own article's
// words or from all, and real passages' lengths; the distribution of peers.py's Language, a hundred times as fast.
//
//     generate_corpus PASSAGES | sciexam-run index --corpus - --words 1000 --out FOLDER
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>
#include <vector>

namespace {

constexpr double kVocabulary = 1e6, kOffset = 60;
constexpr std::uint32_t kArticle = 6, kTopic = 40; // passages, and an article's own terms
// Twentieths of the passages of real text that have at most so many words, stop words left out.
constexpr std::array<double, 21> kLengths = {3,  18, 27, 35,  41,  47,  53,  59,  64,  69, 75,
                                             82, 88, 95, 102, 111, 123, 137, 156, 189, 300};

/// Syllables, and an end that no stemmer takes away.
std::string term_name(std::int64_t rank) {
  std::string word = "k";
  for (; rank >= 0; rank = rank / 80 - 1)
    word.insert(0, {"bdfghjlmnprstvwz"[rank % 16], "aeiou"[rank / 16 % 5]});
  return word;
}

class Language {
public:
  Language() {
    for (std::int64_t rank = 0; rank < static_cast<std::int64_t>(kVocabulary); ++rank)
      names_.push_back(term_name(rank));
  }
  const std::string& name(std::uint32_t term) const { return names_[term]; }
  double uniform() { return static_cast<double>(random_() >> 11) * 0x1p-53; }
  std::uint32_t below(std::uint32_t bound) { return static_cast<std::uint32_t>(uniform() * bound); }
  /// Zipf and Mandelbrot: (rank + 60)^-1.25.
  std::uint32_t term() {
    const double x = first_ - uniform() * (first_ - last_), square = x * x;
    return static_cast<std::uint32_t>(std::min(1 / (square * square) - kOffset, kVocabulary - 1));
  }
  void new_topic() {
    for (std::uint32_t& each : topic_)
      each = term();
  }
  std::uint32_t passage_term() { return below(3) == 0 ? topic_[below(kTopic)] : term(); }
  int passage_length() {
    const double place = uniform() * 20;
    const auto low = static_cast<std::size_t>(place);
    return static_cast<int>(
        std::lround(kLengths[low] + (kLengths[low + 1] - kLengths[low]) * (place - static_cast<double>(low))));
  }

private:
  std::mt19937_64 random_{20};
  double first_ = std::pow(kOffset, -0.25), last_ = std::pow(kVocabulary + kOffset, -0.25);
  std::vector<std::string> names_;
  std::array<std::uint32_t, kTopic> topic_ = {};
};

void add_text(std::string& line, Language& language) {
  const int length = language.passage_length();
  for (int i = 0; i < length; ++i) {
    const bool starts = i % 20 == 0;
    if (i > 0)
      line += starts ? ". " : " ";
    const std::size_t begin = line.size();
    line += language.name(language.passage_term());
    if (starts)
      line[begin] = static_cast<char>(line[begin] - 'a' + 'A');
  }
}

} // namespace

int main(int count, char** arguments) {
  const long passages = count == 2 ? std::atol(arguments[1]) : 0;
  if (passages <= 0)
    return std::fprintf(stderr, "generate_corpus PASSAGES\n"), 2;
  Language language;
  std::string line;
  for (long i = 0; i < passages; ++i) {
    if (i % kArticle == 0)
      language.new_topic();
    line = "{\"id\": \"p" + std::to_string(i) + "\", \"title\": \"\", \"text\": \"";
    add_text(line, language);
    line += ".\"}\n";
    if (std::fwrite(line.data(), 1, line.size(), stdout) != line.size())
      return std::perror("generate_corpus"), 1;
  }
  return std::fflush(stdout) == 0 ? 0 : 1;
}

#include "retrieval/contexts/telling_sentence.hpp"

#include "data/text/sentences.hpp"

#include <algorithm>
#include <set>
#include <string>
#include <vector>

namespace sciexam::inline retrieval {
namespace {

std::set<std::string> different_terms(Analyser& analyser, std::string_view text) {
  const std::vector<std::string> terms = analyser.terms(text);
  return {terms.begin(), terms.end()};
}

std::string_view without_white_space_around(std::string_view text) {
  constexpr std::string_view kWhiteSpace = " \t\r\n";
  const std::size_t begin = text.find_first_not_of(kWhiteSpace);
  return begin == text.npos ? "" : text.substr(begin, text.find_last_not_of(kWhiteSpace) + 1 - begin);
}

} // namespace

std::string_view telling_sentence(Analyser& analyser, std::string_view passage, std::string_view query) {
  const std::set<std::string> wanted = different_terms(analyser, query);
  std::string_view best;
  std::ptrdiff_t most = -1;
  for (std::size_t begin = 0; begin < passage.size();) {
    const std::size_t end = next_sentence(passage, begin);
    const std::string_view sentence = passage.substr(begin, end - begin);
    const std::set<std::string> terms = different_terms(analyser, sentence);
    const std::ptrdiff_t shared =
        std::count_if(terms.begin(), terms.end(), [&](const std::string& term) { return wanted.contains(term); });
    if (shared > most) {
      most = shared;
      best = sentence;
    }
    begin = end;
  }
  return without_white_space_around(best);
}

} // namespace sciexam::inline retrieval

#include "retrieval/text/analyser.hpp"

#include "retrieval/text/fold.hpp"
#include "retrieval/text/stop_words.hpp"
#include "support/files/sha256.hpp"

#include <span>

namespace sciexam::inline retrieval {
namespace {

constexpr const char* kName = "english";
constexpr int kVersion = 1; ///< to be raised with every change of the terms

/// Something of everything that folding, scanning and stemming do.
constexpr std::string_view kSample =
    "The generously flying universities' relativistic skies weren't dying; happily, news of O\xE2\x80\x99Neil's "
    "inning exceeded 1,234,567.89 km/h (3.14 rad). CO\xE2\x82\x82 and H_{2}O weigh 10\xE2\x81\xBB\xE2\x81\xB5 or 10^-5 "
    "\xC2\xB5g, \xC2\xBD \xC3\x85ngstr\xC3\xB6m, stra\xC3\x9F"
    "e, \xEF\xAC\x81"
    "eld, U.S.A. \xCE\xA3\xCE\xA9 "
    "\xD0\x9C\xD0\xBE\xD1\x81\xD0\xBA\xD0\xB2\xD0\xB0 \xE6\xB0\xB4\xE7\xB4\xA0 e\xCC\x81t\xC3\xA9";

constexpr std::size_t kSampleDigits = 16;

} // namespace

Analyser::Analyser(AnalyserSettings settings, std::size_t most_words)
    : settings_(settings), most_words_(most_words), words_(most_words) {}

void Analyser::start(std::string_view text) {
  if (!is_ascii(text)) {
    fold(text, folded_);
    text = folded_;
  }
  scanner_.start(text);
}

/// Empty for a stop word.
std::string_view Analyser::make_term(std::string_view word, bool is_letters) {
  if (settings_.stop_words && is_stop_word(word))
    return {};
  return settings_.stems && is_letters ? stemmer_.stem(word) : word;
}

bool Analyser::next(Term& term) {
  while (scanner_.next()) {
    const std::string_view word = scanner_.word();
    term.word = words_.find(word);
    if (term.word != WordTable::kNone) {
      term.text = words_.term(term.word);
    } else {
      term.text = make_term(word, scanner_.is_letters());
      term.word = words_.add(word, term.text);
    }
    if (!term.text.empty())
      return true;
  }
  return false;
}

std::vector<std::string> Analyser::terms(std::string_view text) {
  std::vector<std::string> all;
  terms(text, [&](const Term& term) { all.emplace_back(term.text); });
  return all;
}

Json Analyser::record() const {
  Analyser analyser(settings_, 0);
  std::string sample;
  analyser.terms(kSample, [&](const Term& term) { (sample += term.text) += '\n'; });
  return {{"name", kName},
          {"version", kVersion},
          {"settings", {{"stems", settings_.stems}, {"stop_words", settings_.stop_words}}},
          {"sample", sha256_hex(std::as_bytes(std::span(sample))).substr(0, kSampleDigits)}};
}

Analyser Analyser::from_record(const JsonView& record) {
  const JsonView settings = record.at("settings");
  Analyser analyser({.stems = settings.at("stems").boolean(), .stop_words = settings.at("stop_words").boolean()});
  const Json own = analyser.record();
  if (record.json() != own)
    record.fail("is of another analyser (" + record.json().dump() + "; this program has " + own.dump() + ")",
                "Build the index again with this version of sciexam-run, or use the version that built it");
  return analyser;
}

} // namespace sciexam::inline retrieval

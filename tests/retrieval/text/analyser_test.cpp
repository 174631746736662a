#include "retrieval/text/analyser.hpp"
#include "support/errors.hpp"

#include <random>

#include <catch2/catch_test_macros.hpp>
#include <utf8proc.h>

using namespace sciexam;

namespace {

using Terms = std::vector<std::string>;

/// `text` in the form that `options` asks of utf8proc.
std::string normalized(const std::string& text, int options) {
  utf8proc_uint8_t* out = nullptr;
  const auto size =
      utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(text.data()), static_cast<utf8proc_ssize_t>(text.size()),
                   &out, static_cast<utf8proc_option_t>(options | UTF8PROC_STABLE));
  REQUIRE(size >= 0);
  std::string result(reinterpret_cast<const char*>(out), static_cast<std::size_t>(size));
  std::free(out);
  return result;
}

} // namespace

TEST_CASE("words become Snowball's stems, and stop words are left out") {
  // http://snowball.tartarus.org/algorithms/english/stemmer.html
  CHECK(Analyser().terms("the caresses of generously knocked ponies") == Terms{"caress", "generous", "knock", "poni"});
  CHECK(Analyser({.stems = false, .stop_words = false}).terms("The ponies") == Terms{"the", "ponies"});
}

TEST_CASE("numbers and formulae stay terms") {
  CHECK(Analyser().terms("CO₂ H_{2}O U.S.A.") == Terms{"co2", "h2o", "usa"});
  CHECK(Analyser().terms("1,000,000 10^-5 10⁻⁵ 3.14") == Terms{"1000000", "10-5", "10-5", "3.14"});
}

TEST_CASE("composed and decomposed texts have the same terms") {
  const char32_t kCharacters[] = {U'a', U'É', U'ß', U'ᾠ',      U'ῼ',      U'ﬁ', U'Å',
                                  U'ø', U'İ', U'²', U'\u0345', U'\u0301', U' ', U'7'};
  std::mt19937 random(7);
  for (int round = 0; round < 2000; ++round) {
    std::string text;
    for (int i = 0; i < 12; ++i) {
      utf8proc_uint8_t bytes[4];
      const auto size =
          utf8proc_encode_char(static_cast<utf8proc_int32_t>(kCharacters[random() % std::size(kCharacters)]), bytes);
      text.append(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size));
    }
    INFO(text);
    CHECK(Analyser().terms(normalized(text, UTF8PROC_COMPOSE)) ==
          Analyser().terms(normalized(text, UTF8PROC_DECOMPOSE)));
  }
}

TEST_CASE("bytes that are not UTF-8 separate words, and a word of a million letters is cut") {
  CHECK(Analyser().terms(std::string_view("atom\xFFnucleus\0quark", 18)) == Terms{"atom", "nucleus", "quark"});
  const Terms terms = Analyser().terms(std::string(1'000'000, 'x'));
  REQUIRE(terms.size() == 1);
  CHECK(terms[0].size() == WordScanner::kMostBytes);
}

TEST_CASE("an analyser is made from its record, and one of other terms is refused") {
  const AnalyserSettings settings{.stems = false, .stop_words = true};
  const std::string text = Analyser(settings).record().dump();
  CHECK(Analyser::from_record(JsonDocument(text, "index.json").root()).settings() == settings);
  Json other = Json::parse(text);
  other["sample"] = "0";
  CHECK_THROWS_AS(Analyser::from_record(JsonDocument(other.dump(), "index.json").root()), InputError);
}

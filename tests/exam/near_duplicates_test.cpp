#include "exam/near_duplicates.hpp"
#include "support/errors.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_floating_point.hpp>

using namespace sciexam;
using Catch::Matchers::WithinAbs;

namespace {

using Options = std::array<std::string, kOptions>;

const Options kMoons = {"The gravity of the Moon pulls on the sea", "The wind drives the water to the coast",
                        "The rotation of the Earth alone lifts the water", "Rivers fill the sea during the day",
                        "The heat of the Sun expands the water"};
const Options kTaxes = {"A tax on imported goods", "A tax on income", "A gift to the crown", "A law about ships",
                        "A coin"};

Question question(std::string prompt, Options options, std::optional<int> answer = {}) {
  return {.id = "", .prompt = std::move(prompt), .options = std::move(options), .context = "", .answer = answer};
}

/// The similarity that the two are found with; 0 if they are not found.
double similarity(const Question& a, const Question& b, EqualPrompts prompts = EqualPrompts::are_alike) {
  const std::vector<NearDuplicate> pairs = near_duplicates({&a, 1}, {&b, 1}, kLeastNearDuplicate, prompts);
  return pairs.empty() ? 0 : pairs.at(0).similarity;
}

std::filesystem::path data_folder() {
  const char* given = std::getenv("SCIEXAM_DATA");
  return given != nullptr ? given : std::filesystem::path(SCIEXAM_SOURCE_DIR) / ".." / "shared" / "data";
}

} // namespace

TEST_CASE("words are compared in lower case, without punctuation, but with mathematical symbols") {
  CHECK(normalized_words("The De Haas\xE2\x80\x93van-Alphen's \xC3\x84ON, no. 7") ==
        std::vector<std::string>{"the", "de", "haas", "van", "alphen", "s", "\xC3\xA4on", "no", "7"});
  CHECK(normalized_words("x+1=2") == std::vector<std::string>{"x", "+", "1", "=", "2"});
  CHECK(normalized_words(" ?! ").empty());
}

TEST_CASE("options in another order are the same question") {
  Options turned = kMoons;
  std::rotate(turned.begin(), turned.begin() + 2, turned.end());
  CHECK(similarity(question("Which of these is true?", kMoons, 0), question("which of these is TRUE", turned, 3)) == 1);
}

TEST_CASE("the similarity is the Jaccard similarity of the sets of word 5-grams") {
  // 6 and 7 words: 2 and 3 grams, 1 of them common: 1/4, too little to be found
  CHECK(similarity(question("alpha beta gamma delta epsilon zeta", kMoons, 0),
                   question("alpha beta gamma delta epsilon eta theta", kTaxes, 0)) == 0);
  // 7 and 7 words: 3 grams each, 2 common, 4 in all
  CHECK_THAT(similarity(question("alpha beta gamma delta epsilon zeta eta", kMoons, 0),
                        question("alpha beta gamma delta epsilon zeta theta", kTaxes, 0)),
             WithinAbs(2.0 / 4, 1e-12));
}

TEST_CASE("a short prompt is compared as a whole") {
  CHECK(similarity(question("Why tides?", kMoons), question("why, TIDES", kTaxes)) == 1);
  CHECK(similarity(question("Why tides?", kMoons), question("Why ebb?", kTaxes)) == 0);
}

TEST_CASE("prompts that do not say what is asked about are not duplicates of each other") {
  const std::string prompt = "Which of the following statements is true?";
  CHECK(similarity(question(prompt, kMoons), question(prompt, kTaxes)) == 0);
  CHECK(similarity(question(prompt, kMoons), question(prompt, kMoons)) == 1);
}

TEST_CASE("the same options with a different right answer make a different question") {
  const Question tides = question("What makes the tides?", kMoons, 0);
  CHECK(similarity(tides, question("Which cause of waves is known to sailors?", kMoons, 1)) == 0);
  CHECK(similarity(tides, question("Which cause of tides is known to sailors?", kMoons, 0)) > kNearDuplicate);
  CHECK(similarity(tides, question("Which cause of tides is known to sailors?", kMoons)) > kNearDuplicate);
}

TEST_CASE("where equal prompts need options, half the options of the question with fewer decide") {
  constexpr EqualPrompts kNeed = EqualPrompts::need_options;
  const Question tides = question("What makes the tides?", kMoons, 0);
  CHECK(similarity(tides, question("What makes the tides?", kTaxes, 0), kNeed) == 0);
  CHECK(similarity(tides, question("What makes the tides?", kMoons, 3), kNeed) == 1);
  Options half = {kTaxes[0], kMoons[3], kTaxes[1], kMoons[2], ""};
  CHECK(similarity(tides, question("What makes the tides?", half, 0), kNeed) == 1);
  half[1] = kTaxes[2];
  CHECK(similarity(tides, question("What makes the tides?", half, 0), kNeed) == 0);
  CHECK(similarity(question("Why tides?", {"", "", "", "", ""}), question("Why tides?", {"", "", "", "", ""}), kNeed) ==
        1); // the whole is the prompt
}

TEST_CASE("questions without any word are not duplicates") {
  CHECK(similarity(question("", {"", "", "", "", ""}), question("?", {"!", "", "", "", ""})) == 0);
}

TEST_CASE("within one span every pair is found once, sorted") {
  std::vector<Question> questions = {question("What makes the tides?", kMoons), question("What is a tariff?", kTaxes),
                                     question("What makes the tides?", kTaxes),
                                     question("What makes the tides", kMoons)};
  CHECK(near_duplicates_within(questions) == std::vector<NearDuplicate>{{0, 2, 1}, {0, 3, 1}, {2, 3, 1}});
}

TEST_CASE("a thousand copies of one question are linked without a million comparisons") {
  const std::vector<Question> copies(1000, question("What makes the tides?", kMoons));
  const std::vector<NearDuplicate> pairs = near_duplicates_within(copies);
  CHECK(pairs.size() < 300'000);
  for (std::size_t i = 1; i < copies.size(); ++i)
    if (std::find(pairs.begin(), pairs.end(), NearDuplicate{0, i, 1.0}) == pairs.end())
      FAIL("copy " << i << " is not found beside the first");
}

TEST_CASE("a threshold out of range is the caller's fault") {
  const std::vector<Question> none;
  CHECK_THROWS_AS(near_duplicates_within(none, 0.1), InternalError);
  CHECK_THROWS_AS(near_duplicates(none, none, 1.1), InternalError);
}

TEST_CASE("in the public question sets the near-duplicates of the competition's questions are found") {
  const std::filesystem::path folder = data_folder();
  if (!std::filesystem::exists(folder / "extra_6000.csv"))
    SKIP(folder << " is not there");
  const std::vector<Question> train = read_exam(folder / "train.csv").questions;
  // Counted with Python, all pairs by their sets: 14 have the same prompt, 2 more nearly the same prompt and options.
  const std::vector<NearDuplicate> pairs = near_duplicates(read_exam(folder / "extra_6000.csv").questions, train);
  CHECK(pairs.size() == 16);
  CHECK(std::count_if(pairs.begin(), pairs.end(), [](const NearDuplicate& pair) { return pair.similarity == 1; }) ==
        14);
  CHECK(near_duplicates(read_exam(folder / "extra_500.csv").questions, train).empty());
  const std::vector<NearDuplicate> self = near_duplicates_within(train);
  CHECK(self.empty());
}

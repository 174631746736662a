// Ids from the real tokenizer of transformers 5: golden/tokenizer_v5 has its tokenizer.json and *.jsonl of
//   {"text", "pair", "add_special_tokens", "ids"}
#include "golden/golden.hpp"
#include "support/files/files.hpp"
#include "support/text/json.hpp"
#include "tokenizer/checkpoint_vocabulary.hpp"
#include "tokenizer/parse_tokenizer.hpp"
#include "tokenizer/tokenizer.hpp"
#include "tokenizer/tokenizer_json.hpp"
#include "tokenizer/tokenizer_json_writer.hpp"

#include <algorithm>
#include <fstream>

#include <catch2/catch_test_macros.hpp>

using namespace sciexam;
namespace fs = std::filesystem;

namespace {

std::vector<fs::path> transformers_5_sources() {
  std::vector<fs::path> sources;
  for (const fs::path& source : golden::sources())
    if (source == golden::own() || fs::exists(source / "tokenizer_v5" / "tokenizer.json"))
      sources.push_back(source);
  return sources;
}

/// Do all lines of the file have these ids?
void check_lines(const fs::path& file, const Tokenizer& tokenizer) {
  std::ifstream in(file);
  std::size_t rows = 0, different = 0;
  std::string first_different;
  for (std::string line; std::getline(in, line); ++rows) {
    const Json row = Json::parse(line);
    std::optional<std::string> pair;
    // Called with one text, transformers 5 drops an empty pair; called with lists, as for multiple choice, it keeps it.
    // So does tokenizers itself, whose rows have type_ids.
    if (!row.at("pair").is_null() && (row.at("pair") != "" || row.contains("type_ids")))
      pair = row.at("pair").get<std::string>();
    const Encoding encoding =
        tokenizer.encode(row.at("text").get<std::string>(), pair, {.add_special_tokens = row.at("add_special_tokens")});
    if (encoding.ids != row.at("ids").get<std::vector<std::int32_t>>() && different++ == 0)
      first_different = line;
  }
  INFO(file.filename().string() << ": " << different << " of " << rows << " differ, the first: " << first_different);
  CHECK(rows > 0);
  CHECK(different == 0);
}

} // namespace

TEST_CASE("golden: ids equal those of transformers 5's tokenizer.json", "[golden]") {
  for (const fs::path& source : transformers_5_sources()) {
    const fs::path folder = source / "tokenizer_v5";
    const Vocabulary vocabulary = read_checkpoint_vocabulary(folder);
    CHECK(vocabulary.name == "tokenizer.json");
    CHECK(vocabulary.notes.empty());
    const Tokenizer tokenizer = Tokenizer::from_bytes(vocabulary.bytes, vocabulary.name);
    CHECK(tokenizer.vocabulary_size() == Tokenizer::from_file(golden::vocabulary(source)).vocabulary_size());
    for (const char* name : {"tricky.jsonl", "train_pairs.jsonl", "context_cdeotte.jsonl"})
      check_lines(folder / name, tokenizer);
  }
}

TEST_CASE("golden: transformers 4's tokenizer.json is spm.model", "[golden]") {
  const fs::path spm = golden::vocabulary(golden::own()), json = golden::own() / "tokenizer" / "tokenizer.json";
  const std::string bytes = read_text_file(json);
  CHECK(difference(parse_tokenizer(bytes, json), parse_tokenizer(read_text_file(spm), spm)).empty());
  check_lines(golden::own() / "tokenizer" / "fast_tricky.jsonl", Tokenizer::from_bytes(bytes, json));
}

TEST_CASE("golden: the tokenizer.json of spm.model gives the ids of spm.model", "[golden]") {
  for (const fs::path& source : transformers_5_sources()) {
    const fs::path file = golden::vocabulary(source);
    const TokenizerDefinition definition = parse_tokenizer(read_text_file(file), file);
    const std::string json = write_tokenizer_json(definition);
    CHECK(difference(parse_tokenizer(json, "tokenizer.json"), definition).empty());
    const Tokenizer one = Tokenizer::from_file(file), other = Tokenizer::from_bytes(json, "tokenizer.json");
    std::ifstream in(source / "tokenizer_v5" / "tricky.jsonl");
    std::size_t rows = 0;
    for (std::string line; std::getline(in, line); ++rows) {
      const std::string text = Json::parse(line).at("text");
      INFO(text);
      CHECK(one.encode(text) == other.encode(text));
    }
    CHECK(rows > 0);
  }
}

TEST_CASE("golden: two tokenizers of one vocabulary differ by their normalizer", "[golden]") {
  for (const fs::path& source : transformers_5_sources()) {
    const fs::path file = golden::vocabulary(source), json = source / "tokenizer_v5" / "tokenizer.json";
    CHECK(difference(parse_tokenizer(read_text_file(file), file), parse_tokenizer(read_text_file(json), json)) ==
          "the normalizer");
    // a ligature: NFKC takes it apart, NFC leaves an unknown character
    const std::vector<std::int32_t> with_map = Tokenizer::from_file(file).encode("\uFB01").ids,
                                    without = Tokenizer::from_file(json).encode("\uFB01").ids;
    CHECK(std::find(with_map.begin(), with_map.end(), 3) == with_map.end());
    CHECK(std::find(without.begin(), without.end(), 3) != without.end());
  }
}

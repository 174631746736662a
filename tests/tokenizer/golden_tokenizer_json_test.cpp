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

#include <fstream>

#include <catch2/catch_test_macros.hpp>

using namespace sciexam;
namespace fs = std::filesystem;

namespace {

fs::path transformers_5_folder() {
  const fs::path folder = golden::folder() / "tokenizer_v5";
  if (!fs::exists(folder / "tokenizer.json"))
    SKIP("no tokenizer.json in " << folder.string());
  return folder;
}

fs::path sentencepiece_file() {
  const fs::path file = golden::folder() / "../deberta-v3/spm.model";
  if (!fs::exists(file))
    SKIP("no file " << file.string());
  return file;
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
    if (!row.at("pair").is_null() && row.at("pair") != "")
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
  const fs::path folder = transformers_5_folder();
  const Vocabulary vocabulary = read_checkpoint_vocabulary(folder);
  CHECK(vocabulary.name == "tokenizer.json");
  CHECK(vocabulary.notes.empty());
  const Tokenizer tokenizer = Tokenizer::from_bytes(vocabulary.bytes, vocabulary.name);
  CHECK(tokenizer.vocabulary_size() == 128001);
  for (const char* name : {"tricky.jsonl", "train_pairs.jsonl", "context_cdeotte.jsonl"})
    check_lines(folder / name, tokenizer);
}

TEST_CASE("golden: the tokenizer.json of spm.model gives the ids of spm.model", "[golden]") {
  const fs::path file = sentencepiece_file();
  const TokenizerDefinition definition = parse_tokenizer(read_text_file(file), file);
  const std::string json = write_tokenizer_json(definition);
  CHECK(difference(parse_tokenizer(json, "tokenizer.json"), definition).empty());
  const Tokenizer one = Tokenizer::from_file(file), other = Tokenizer::from_bytes(json, "tokenizer.json");
  std::ifstream in(transformers_5_folder() / "tricky.jsonl");
  for (std::string line; std::getline(in, line);) {
    const std::string text = Json::parse(line).at("text");
    INFO(text);
    CHECK(one.encode(text) == other.encode(text));
  }
}

TEST_CASE("golden: two tokenizers of one vocabulary differ by their normalizer", "[golden]") {
  const fs::path folder = transformers_5_folder(), file = sentencepiece_file();
  CHECK(difference(parse_tokenizer(read_text_file(file), file),
                   parse_tokenizer(read_text_file(folder / "tokenizer.json"), folder / "tokenizer.json")) ==
        "the normalizer");
  CHECK(Tokenizer::from_file(file).encode("\u00BD").ids == std::vector<std::int32_t>{1, 14624, 2});
  CHECK(Tokenizer::from_file(folder / "tokenizer.json").encode("\u00BD").ids ==
        std::vector<std::int32_t>{1, 507, 3, 2});
}

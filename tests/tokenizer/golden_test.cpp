// Ids from the real Hugging Face tokenizer. Every *.jsonl file in a source's
// tokenizer/ is run whose lines are of one of the forms
//   {"text", "pair", "add_special_tokens", "ids", "type_ids"}
//   {"corpus", "row", "strategy", "max_length", "add_special_tokens", "ids", "type_ids" | "error"}
// where a corpus is fast_train_pairs.jsonl ("plain") or corpus_context_NAME.json.
#include "golden/golden.hpp"
#include "support/text/json.hpp"
#include "tokenizer/question_encoding.hpp"
#include "tokenizer/tokenizer.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>

#include <catch2/catch_test_macros.hpp>

using namespace sciexam;
namespace fs = std::filesystem;

namespace {

struct Pair {
  std::string text;
  std::optional<std::string> pair;
  bool add_special_tokens = true;
};

/// Vectors, and the tokenizer that they are of.
struct Source {
  fs::path folder;
  Tokenizer tokenizer;
};

std::vector<Source> vector_sources() {
  std::vector<Source> sources;
  for (const fs::path& source : golden::sources())
    if (const fs::path folder = source / "tokenizer"; source == golden::own() || fs::is_directory(folder))
      sources.push_back({folder, Tokenizer::from_file(golden::vocabulary(source))});
  return sources;
}

std::vector<fs::path> files_with_extension(const fs::path& folder, std::string_view extension) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder))
    if (entry.path().extension() == extension)
      files.push_back(entry.path());
  std::ranges::sort(files);
  return files;
}

std::vector<Json> read_lines(const fs::path& file) {
  std::ifstream in(file);
  std::vector<Json> rows;
  for (std::string line; std::getline(in, line);)
    if (!line.empty())
      rows.push_back(Json::parse(line));
  return rows;
}

Pair pair_of(const Json& row) {
  Pair pair{.text = row.at("text"), .pair = {}, .add_special_tokens = row.value("add_special_tokens", true)};
  if (row.contains("pair") && !row.at("pair").is_null())
    pair.pair = row.at("pair").get<std::string>();
  return pair;
}

/// The corpora that truncation vectors point into, each read once.
class Corpora {
public:
  explicit Corpora(fs::path folder) : folder_(std::move(folder)) {}

  const Pair& pair(const Json& row) {
    const std::string name = row.at("corpus");
    if (!corpora_.contains(name))
      corpora_[name] = name == "plain" ? read_plain() : read_context(name);
    return corpora_.at(name).at(row.at("row").get<std::size_t>());
  }

private:
  std::vector<Pair> read_plain() const {
    std::vector<Pair> pairs;
    for (const Json& row : read_lines(folder_ / "fast_train_pairs.jsonl"))
      pairs.push_back(pair_of(row));
    return pairs;
  }

  std::vector<Pair> read_context(const std::string& name) const {
    std::vector<Pair> pairs;
    std::ifstream in(folder_ / ("corpus_context_" + name + ".json"));
    const Json document = Json::parse(in);
    for (const Json& row : document)
      pairs.push_back({row.at(0), row.at(1), row.at(2)});
    return pairs;
  }

  fs::path folder_;
  std::map<std::string, std::vector<Pair>> corpora_;
};

Encoding expected_encoding(const Json& row) {
  return {row.at("ids"), row.at("type_ids")};
}

Truncation truncation_of(const std::string& strategy) {
  if (strategy == "LongestFirst")
    return Truncation::longest_first;
  if (strategy == "OnlyFirst")
    return Truncation::only_first;
  throw std::runtime_error("unknown truncation " + strategy);
}

/// Does the tokenizer give what the row says?
bool agrees(const Tokenizer& tokenizer, const Json& row, Corpora& corpora) {
  const Pair pair = row.contains("corpus") ? corpora.pair(row) : pair_of(row);
  EncodeOptions options{.add_special_tokens = row.value("add_special_tokens", pair.add_special_tokens)};
  if (row.contains("strategy")) {
    options.truncation = truncation_of(row.at("strategy"));
    options.max_length = row.at("max_length").get<int>();
  }
  try {
    const Encoding encoding = tokenizer.encode(pair.text, pair.pair, options);
    return row.contains("ids") && encoding == expected_encoding(row);
  } catch (const TruncationError&) {
    return row.contains("error");
  }
}

} // namespace

TEST_CASE("golden: ids equal those of the fast tokenizer, also where it truncates", "[golden]") {
  for (const auto& [folder, tokenizer] : vector_sources()) {
    Corpora corpora(folder);
    const std::vector<fs::path> files = files_with_extension(folder, ".jsonl");
    CHECK((files.size() >= 3 || folder.parent_path() != golden::own()));
    for (const fs::path& file : files) {
      std::size_t rows = 0, different = 0;
      std::string first_different;
      for (const Json& row : read_lines(file)) {
        ++rows;
        if (agrees(tokenizer, row, corpora))
          continue;
        if (different++ == 0)
          first_different = row.dump();
      }
      INFO(file << ": " << different << " of " << rows << " differ, the first: " << first_different);
      CHECK(rows > 0);
      CHECK(different == 0);
    }
  }
}

TEST_CASE("golden: vectors from other projects' tests", "[golden]") {
  const fs::path file = golden::additional() / "tokenizer" / "thirdparty_vectors.json";
  if (!fs::exists(file))
    SKIP("vectors of other projects, for the real vocabulary: no file " << file.string());
  const Tokenizer tokenizer = Tokenizer::from_file(golden::vocabulary(golden::additional()));
  std::ifstream in(file);
  const Json vectors = Json::parse(in);
  std::size_t run = 0;
  for (const Json& vector : vectors) {
    const std::string source = vector.at("source");
    if (source.find(" on ") != std::string::npos)
      continue; // made with a vocabulary of its own that is not here
    const Encoding encoding = tokenizer.encode(vector.at("text").get<std::string>(), {},
                                               {.add_special_tokens = vector.at("add_special_tokens")});
    INFO(vector.at("text"));
    CHECK(encoding.ids == vector.value("fast", vector.at("ids")).get<std::vector<std::int32_t>>());
    ++run;
  }
  CHECK(run > 0);
}

TEST_CASE("golden: the open-book template gives the ids of the public notebooks", "[golden]") {
  for (const auto& [folder, tokenizer] : vector_sources()) {
    INFO(folder);
    if (folder.parent_path() != golden::own() && !fs::exists(folder / "corpus_context_cdeotte.json"))
      continue;
    Corpora corpora(folder);
    std::size_t run = 0;
    for (const Json& row : read_lines(folder / "fast_truncation.jsonl")) {
      if (row.at("corpus") != "cdeotte" || row.at("strategy") != "OnlyFirst" || !row.contains("ids"))
        continue;
      // "[CLS] CONTEXT" and " #### PROMPT [SEP] OPTION [SEP]", taken apart again
      const Pair& pair = corpora.pair(row);
      const std::string first = "[CLS] ", question_mark = " #### ", separator = " [SEP] ", last = " [SEP]";
      const std::size_t middle = pair.pair->rfind(separator, pair.pair->size() - last.size() - 1);
      Question question;
      question.context = pair.text.substr(first.size());
      question.prompt = pair.pair->substr(question_mark.size(), middle - question_mark.size());
      const std::size_t option = middle + separator.size();
      question.options.fill(pair.pair->substr(option, pair.pair->size() - last.size() - option));
      const auto encodings =
          encode_question(tokenizer, question, {Template::open_book, row.at("max_length").get<int>()});
      CHECK(encodings.back() == expected_encoding(row));
      ++run;
    }
    CHECK(run > 0);
  }
}

#include "catch_beside_torch.hpp"
#include "retrieval/contexts/retrieval_record.hpp"
#include "support/errors.hpp"
#include "support/files/files.hpp"
#include "support/files/sha256.hpp"
#include "temporary_folder.hpp"
#include "tokenizer/parse_tokenizer.hpp"
#include "tokenizer/tokenizer_json.hpp"
#include "tokenizer/tokenizer_json_writer.hpp"
#include "train/inputs/inputs.hpp"

#include <algorithm>
#include <set>

#include <catch2/matchers/catch_matchers_string.hpp>

using namespace sciexam;
using namespace sciexam::test;
using Catch::Matchers::ContainsSubstring;

namespace {

const char* const kBase = SCIEXAM_SOURCE_DIR "/tests/small_package"; // config.json and spm.model

const std::string kHeader = "prompt,A,B,C,D,E,answer\n";

std::string row(const std::string& prompt, char answer) {
  return prompt + ",one " + prompt + ",two " + prompt + ",three " + prompt + ",four " + prompt + ",five " + prompt +
         "," + answer + "\n";
}

TrainingManifest manifest_of(std::vector<ManifestData> data) {
  TrainingManifest manifest;
  manifest.base_files = {{"config.json", {}}, {"spm.model", {}}};
  manifest.data = std::move(data);
  manifest.runs.resize(1);
  return manifest;
}

DataInputs read(const TrainingManifest& manifest, const TemporaryFolder& folder, int folds = 0) {
  const Tokenizer tokenizer = Tokenizer::from_file(std::string(kBase) + "/spm.model");
  return read_data(manifest, folder.path(), tokenizer, 1, folds);
}

} // namespace

TEST_CASE("data files become training and validation questions with their places") {
  const TemporaryFolder folder;
  write_file_atomically(folder / "a.csv", kHeader + row("first", 'A') + row("second", 'C'));
  write_file_atomically(folder / "v.csv", kHeader + row("held out", 'E'));
  const TrainingManifest manifest =
      manifest_of({{{"a.csv", {}}, 2, false, Template::closed_book}, {{"v.csv", {}}, {}, true, Template::closed_book}});
  const DataInputs data = read(manifest, folder);
  REQUIRE(data.train.size() == 2);
  CHECK(data.train.places[1] == "a.csv, row 3");
  CHECK(*data.train.questions[1].answer == 2);
  CHECK(data.valid.size() == 1);
  CHECK(data.train.lengths[0] == token_count(data.train.encoded[0]));
  CHECK(data.files[0]["sha256"] == sha256_of_file(folder / "a.csv"));
}

TEST_CASE("questions with shorter options than a run asks for are not trained on, but still used for validation") {
  const TemporaryFolder folder;
  // Options are "one ", "two ", "three ", "four ", "five " and the prompt: 4.6 characters more than it on average.
  write_file_atomically(folder / "a.csv", kHeader + row("x", 'A') + row("a long one", 'B') + row("y", 'C'));
  write_file_atomically(folder / "v.csv", kHeader + row("z", 'E'));
  TrainingManifest manifest =
      manifest_of({{{"a.csv", {}}, 3, false, Template::closed_book}, {{"v.csv", {}}, {}, true, Template::closed_book}});
  const DataInputs data = read(manifest, folder);
  RunPlan& run = manifest.runs[0];
  run.settings.least_option_length = 14;
  const RunQuestions questions = questions_of(run, data);
  REQUIRE(questions.train.size() == 1);
  CHECK(questions.train.places[0] == "a.csv, row 3");
  CHECK(questions.valid.size() == 1);
  run.settings.least_option_length = 5;
  CHECK(questions_of(run, data).train.size() == 3);
  run.settings.least_option_length = 15;
  CHECK_THROWS_AS(questions_of(run, data), UsageError);
}

TEST_CASE("a data file that is not what the manifest says is refused") {
  const TemporaryFolder folder;
  write_file_atomically(folder / "a.csv", kHeader + row("first", 'A'));
  const auto with = [](InputFile file, std::optional<std::int64_t> rows, Template kind) {
    return manifest_of({{std::move(file), rows, false, kind}});
  };
  CHECK_THROWS_WITH(read(with({"a.csv", std::string(64, '0')}, {}, Template::closed_book), folder),
                    ContainsSubstring("sha256"));
  CHECK_THROWS_WITH(read(with({"a.csv", {}}, 7, Template::closed_book), folder), ContainsSubstring("has 1 question,"));
  CHECK_THROWS_WITH(read(with({"b.csv", {}}, {}, Template::closed_book), folder), ContainsSubstring("--data"));
  CHECK_THROWS_WITH(read(with({"a.csv", {}}, {}, Template::open_book), folder), ContainsSubstring("context"));
  write_file_atomically(folder / "c.csv", "prompt,A,B,C,D,E\np,a,b,c,d,e\n");
  CHECK_THROWS_WITH(read(with({"c.csv", {}}, {}, Template::closed_book), folder), ContainsSubstring("answer"));
}

namespace {

/// A file with contexts, and its only entry in a manifest with one run that draws from three.
struct ContextFile {
  TemporaryFolder folder;
  TrainingManifest manifest = manifest_of({{{"a.csv", {}}, {}, false, Template::open_book}});
  RetrievalRecord record;

  ContextFile() {
    manifest.runs[0].settings.contexts_per_question = 3;
    write("context,context_2,context_3,context_4", {"w,w w,w w w,z", "w,,w w w,z", "w,,,"});
    record.program = "sciexam";
    record.index_sha256 = std::string(64, 'a');
    record.in = {"in.csv", std::string(64, 'b')};
    record.out = {"a.csv", sha256_of_file(folder / "a.csv")};
    record.settings.contexts = 4;
  }
  void write(const std::string& header, const std::vector<std::string>& contexts) const {
    std::string text = "prompt,A,B,C,D,E,answer," + header + "\n";
    for (std::size_t i = 0; i < contexts.size(); ++i)
      text += "p" + std::to_string(i) + ",a,b,c,d,e,A," + contexts[i] + "\n";
    write_file_atomically(folder / "a.csv", text);
  }
  void write_record() const { write_file_atomically(folder / "a.csv.retrieval.json", to_json(record).dump()); }
};

} // namespace

TEST_CASE("training questions are read with as many contexts as a run draws from, validation with the first") {
  ContextFile file;
  file.write_record();
  const DataInputs data = read(file.manifest, file.folder);
  REQUIRE(data.train.further.size() == 3);
  CHECK(data.train.further[0].size() == 2); // the fourth is not asked for
  CHECK(data.train.further[1].size() == 2); // "w w w" and "z": an empty cell is no context
  CHECK(data.train.further[2].empty());
  const auto longer = [&](const EncodedQuestion& question) { return token_count(question) - data.train.lengths[0]; };
  CHECK(longer(data.train.encoded[0]) == 0);
  CHECK(longer(data.train.further[0][0]) > 0); // a word more in each sequence
  CHECK(longer(data.train.further[0][1]) == 2 * longer(data.train.further[0][0]));
  CHECK(longer(data.train.further[1][0]) == 2 * longer(data.train.further[0][0]));
  CHECK(data.notes.empty());
  RunPlan run = file.manifest.runs[0];
  CHECK(questions_of(run, data).train.further.size() == 3);
  file.manifest.data[0].template_kind = Template::closed_book;
  CHECK(read(file.manifest, file.folder).train.further.empty());
  file.manifest.data[0].template_kind = Template::open_book;
  file.manifest.runs[0].settings.contexts_per_question = 1;
  CHECK(read(file.manifest, file.folder).train.further.empty());
}

TEST_CASE("a fold that is held out is validated with the first context") {
  ContextFile file;
  DataInputs data = read(file.manifest, file.folder);
  group_near_duplicates(data);
  RunPlan run = file.manifest.runs[0];
  run.fold = Fold{0, 2};
  const RunQuestions questions = questions_of(run, data);
  REQUIRE_FALSE(questions.valid.empty());
  for (const EncodedQuestion& encoded : questions.valid.encoded)
    CHECK(token_count(encoded) == token_count(data.train.encoded[0])); // all have "w"
}

TEST_CASE("contexts that are asked for and not there, or there and not used, are named") {
  const ContextFile file;
  file.write("context,context_3", {"w,x"});
  const std::vector<std::string> notes = read(file.manifest, file.folder).notes;
  REQUIRE(notes.size() == 2);
  CHECK_THAT(notes[0], ContainsSubstring("a.csv: context_3 is not used"));
  CHECK_THAT(notes[1], ContainsSubstring("contexts_per_question is 3, but no training question has a second context"));
}

TEST_CASE("the record of a retrieval goes with the file that it is of") {
  ContextFile file;
  CHECK_FALSE(read(file.manifest, file.folder).files[0].contains("retrieval"));
  file.write_record();
  DataInputs data = read(file.manifest, file.folder);
  CHECK(data.files[0]["retrieval"] == to_json(file.record));
  CHECK(data.notes.empty());
  file.record.degraded = {"a shard is left out"};
  file.write_record();
  CHECK_THAT(read(file.manifest, file.folder).notes.at(0), ContainsSubstring("damaged index: a shard is left out"));
  file.record.out.sha256 = std::string(64, 'c');
  file.write_record();
  data = read(file.manifest, file.folder);
  CHECK_FALSE(data.files[0].contains("retrieval"));
  CHECK_THAT(data.notes.at(0), ContainsSubstring("a.csv.retrieval.json: is not used, since it is of a file with sha256 "
                                                 "cccccccccccc"));
  write_file_atomically(file.folder / "a.csv.retrieval.json", "{\"format\": 1}");
  data = read(file.manifest, file.folder);
  CHECK_FALSE(data.files[0].contains("retrieval"));
  CHECK_THAT(data.notes.at(0), ContainsSubstring("the record of a retrieval is not used: "));
}

TEST_CASE("contexts of another index than the manifest names, or of an unknown one, are refused") {
  ContextFile file;
  file.manifest.data[0].index_sha256 = std::string(64, 'a');
  CHECK_THROWS_WITH(read(file.manifest, file.folder),
                    ContainsSubstring("a.csv: has no record of where its contexts are from (a.csv.retrieval.json)") &&
                        ContainsSubstring("aaaa"));
  file.write_record();
  CHECK(read(file.manifest, file.folder).files[0].contains("retrieval"));
  file.manifest.data[0].index_sha256 = std::string(64, 'd');
  CHECK_THROWS_WITH(read(file.manifest, file.folder), ContainsSubstring("has contexts of the index aaaa") &&
                                                          ContainsSubstring("the index dddd") &&
                                                          ContainsSubstring("or correct the manifest"));
}

TEST_CASE("of very many pairs that are nearly equal the first are named, and all counted") {
  const std::string same = "Which process lets plants turn the light of the sun into chemical energy in their leaves?";
  const TemporaryFolder folder;
  std::string rows = kHeader;
  for (int i = 0; i < 40; ++i)
    rows += row(same, 'B');
  write_file_atomically(folder / "a.csv", rows);
  write_file_atomically(folder / "v.csv", kHeader + row(same, 'B'));
  const TrainingManifest manifest = manifest_of(
      {{{"a.csv", {}}, {}, false, Template::closed_book}, {{"v.csv", {}}, {}, true, Template::closed_book}});
  DataInputs data = read(manifest, folder);
  const std::string warning = handle_near_duplicates(manifest, data);
  CHECK_THAT(warning, ContainsSubstring("40 training questions nearly identical") &&
                          ContainsSubstring("a.csv, row 21 ~ v.csv, row 2") &&
                          ContainsSubstring("; and 20 other pairs"));
  CHECK(warning.find("a.csv, row 22 ~") == std::string::npos);
}

TEST_CASE("training questions that nearly equal validation questions are reported, and left out on request") {
  const std::string same = "Which process lets plants turn the light of the sun into chemical energy in their leaves?";
  const TemporaryFolder folder;
  write_file_atomically(folder / "a.csv",
                        kHeader + row("Another question altogether about the moons of Jupiter", 'A') + row(same, 'B'));
  write_file_atomically(folder / "v.csv", kHeader + row(same, 'B'));
  TrainingManifest manifest = manifest_of(
      {{{"a.csv", {}}, {}, false, Template::closed_book}, {{"v.csv", {}}, {}, true, Template::closed_book}});
  DataInputs data = read(manifest, folder);
  CHECK_THAT(handle_near_duplicates(manifest, data),
             ContainsSubstring("a.csv, row 3 ~ v.csv, row 2") && ContainsSubstring("--exclude-near-duplicates"));
  CHECK(data.train.size() == 2);
  manifest.exclude_near_duplicates = true;
  CHECK_THAT(handle_near_duplicates(manifest, data), ContainsSubstring("left out"));
  REQUIRE(data.train.size() == 1);
  CHECK(data.train.places[0] == "a.csv, row 2");
  CHECK(handle_near_duplicates(manifest, data).empty());
}

TEST_CASE("folds part the training questions, each question held out once, duplicates together") {
  const TemporaryFolder folder;
  std::string text = kHeader;
  for (int i = 0; i < 20; ++i)
    text += row("Question number " + std::to_string(i * i * 7919) + " asks of thing " + std::to_string(i), 'A');
  const std::string twin = "Which of these planets has the most moons that have been confirmed by now in its orbit?";
  text += row(twin, 'B') + row(twin, 'B');
  write_file_atomically(folder / "a.csv", text);
  const TrainingManifest manifest = manifest_of({{{"a.csv", {}}, {}, false, Template::closed_book}});
  DataInputs data = read(manifest, folder);
  group_near_duplicates(data);
  std::multiset<std::string> held_out;
  for (std::int64_t i = 0; i < 4; ++i) {
    RunPlan run;
    run.fold = Fold{i, 4};
    const RunQuestions questions = questions_of(run, data);
    CHECK(questions.train.size() + questions.valid.size() == 22);
    held_out.insert(questions.valid.places.begin(), questions.valid.places.end());
    const auto has = [&](const char* place) {
      return std::count(questions.valid.places.begin(), questions.valid.places.end(), place);
    };
    CHECK(has("a.csv, row 22") == has("a.csv, row 23"));
  }
  CHECK(held_out.size() == 22);
  CHECK(std::set<std::string>(held_out.begin(), held_out.end()).size() == 22);
}

TEST_CASE("a column fold says which questions are held out, and what it parts is reported") {
  const TemporaryFolder folder;
  const std::string twin = "Which of these planets has the most moons that have been confirmed by now in its orbit?";
  const auto in_fold = [](const std::string& line, int fold) {
    return line.substr(0, line.size() - 1) + "," + std::to_string(fold) + "\n";
  };
  write_file_atomically(folder / "a.csv", "prompt,A,B,C,D,E,answer,fold\n" + in_fold(row("first", 'A'), 1) +
                                              in_fold(row(twin, 'B'), 0) + in_fold(row(twin, 'B'), 1));
  write_file_atomically(folder / "b.csv", kHeader + row("another", 'A'));
  const TrainingManifest manifest = manifest_of(
      {{{"a.csv", {}}, {}, false, Template::closed_book}, {{"b.csv", {}}, {}, false, Template::closed_book}});
  DataInputs data = read(manifest, folder, 2);
  group_near_duplicates(data);
  RunPlan run;
  run.name = "run_0";
  run.data = {"a.csv"};
  run.fold = Fold{1, 2};
  const RunQuestions questions = questions_of(run, data);
  CHECK(questions.valid.places == std::vector<std::string>{"a.csv, row 2", "a.csv, row 4"});
  CHECK(questions.train.places == std::vector<std::string>{"a.csv, row 3"});
  CHECK_THAT(questions.folds, ContainsSubstring("column fold") && ContainsSubstring("separates 1 of 3 questions"));
  run.data = {"b.csv"};
  CHECK_THAT(questions_of(run, data).folds, ContainsSubstring("dealt"));
  run.data = {};
  CHECK_THROWS_WITH(questions_of(run, data), ContainsSubstring("run_0") && ContainsSubstring("some do not"));
}

TEST_CASE("a base folder must hold what the manifest names") {
  TrainingManifest manifest = manifest_of({});
  CHECK(read_base(manifest, kBase).config.hidden_size > 0);
  CHECK_THAT(read_base(manifest, kBase).config_text, ContainsSubstring("\"torch_dtype\": \"float32\""));
  manifest.base_files.push_back({"pytorch_model.bin", {}});
  CHECK_THROWS_WITH(read_base(manifest, kBase), ContainsSubstring("pytorch_model.bin") && ContainsSubstring("--base"));
  manifest.base_files = {{"config.json", std::string(64, 'a')}, {"spm.model", {}}};
  CHECK_THROWS_WITH(read_base(manifest, kBase), ContainsSubstring("sha256"));
  manifest.base_files = {{"config.json", {}}};
  CHECK_THROWS_WITH(read_base(manifest, kBase), ContainsSubstring("spm.model"));
}

TEST_CASE("a base's weights are the file that the manifest names, whatever lies beside it") {
  const TemporaryFolder folder;
  for (const char* name : {"config.json", "spm.model"})
    std::filesystem::copy_file(std::filesystem::path(kBase) / name, folder / name);
  for (const char* name : {"model.safetensors", "pytorch_model.bin"})
    write_file_atomically(folder / name, std::string_view("weights"));
  TrainingManifest manifest = manifest_of({});
  CHECK(read_base(manifest, folder.path()).weights == folder.path());
  manifest.base_files.push_back({"pytorch_model.bin", {}});
  CHECK(read_base(manifest, folder.path()).weights == folder / "pytorch_model.bin");
}

TEST_CASE("a base's vocabulary is the file that the manifest names") {
  const TemporaryFolder folder;
  const std::filesystem::path spm = std::filesystem::path(kBase) / "spm.model";
  std::filesystem::copy_file(std::filesystem::path(kBase) / "config.json", folder / "config.json");
  std::filesystem::copy_file(spm, folder / "spm.model");
  TokenizerDefinition definition = parse_tokenizer(read_text_file(spm), spm);
  definition.normalizer = {Compose{}};
  write_file_atomically(folder / "tokenizer.json", write_tokenizer_json(definition));
  TrainingManifest manifest = manifest_of({});
  CHECK(read_base(manifest, folder.path()).vocabulary.name == "spm.model");
  CHECK(read_base(manifest, folder.path()).vocabulary.bytes == read_text_file(spm));
  manifest.base_files = {{"config.json", {}}, {"tokenizer.json", {}}};
  const BaseInputs base = read_base(manifest, folder.path());
  CHECK(base.vocabulary.name == "tokenizer.json");
  CHECK(base.vocabulary.bytes == write_tokenizer_json(definition));
  manifest.base_files.push_back({"spm.model", {}});
  CHECK(read_base(manifest, folder.path()).vocabulary.name == "tokenizer.json"); // as transformers reads the two
}

TEST_CASE("a base whose vocabulary is changed by a file that the manifest does not name is refused") {
  const TemporaryFolder folder;
  for (const char* name : {"config.json", "spm.model"})
    std::filesystem::copy_file(std::filesystem::path(kBase) / name, folder / name);
  write_file_atomically(folder / "tokenizer_config.json", R"({"do_lower_case": true})");
  CHECK_THROWS_WITH(read_base(manifest_of({}), folder.path()),
                    ContainsSubstring("do_lower_case") && ContainsSubstring("tokenizer.json among $.base.files"));
}

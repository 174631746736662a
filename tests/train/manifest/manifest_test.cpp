#include "support/errors.hpp"
#include "support/files/files.hpp"
#include "train/manifest/manifest.hpp"

#include <functional>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace sciexam;
using Catch::Matchers::ContainsSubstring;

namespace {

Json small_manifest() {
  return Json::parse(R"({"format": "sciexam-training", "version": 1, "title": "t",
    "base": {"name": "b", "initial_weights": "random",
             "files": [{"name": "config.json", "sha256": null}, {"name": "spm.model", "sha256": null}]},
    "data": [{"name": "a.csv", "sha256": null, "rows": null, "role": "train"},
             {"name": "v.csv", "sha256": null, "rows": 200, "role": "valid"}],
    "template": "closed_book", "settings": {"learning_rate": 0.001},
    "runs": [{"name": "run_0", "settings": {"seed": 1}}, {"name": "run_1", "fold": {"index": 1, "count": 5}}]})");
}

TrainingManifest parse(const Json& json) {
  return parse_training_manifest(json.dump(), "m.json");
}

/// What is said of the small manifest after a change.
std::string fault(const std::function<void(Json&)>& change) {
  Json json = small_manifest();
  change(json);
  try {
    parse(json);
  } catch (const InputError& error) {
    return error.what();
  }
  return "no fault";
}

} // namespace

TEST_CASE("a manifest's settings are those of all runs, then a run's own") {
  const TrainingManifest manifest = parse(small_manifest());
  REQUIRE(manifest.runs.size() == 2);
  CHECK(manifest.random_weights);
  CHECK(manifest.runs[0].settings.seed == 1);
  CHECK(manifest.runs[1].settings.seed == 0);
  CHECK(manifest.runs[1].settings.learning_rate == 0.001);
  CHECK(manifest.runs[1].fold->index == 1);
  CHECK(manifest.data[1].is_valid);
  CHECK(manifest.data[1].rows == 200);
}

TEST_CASE("a manifest may name a teacher, and the layers that a student takes of the base") {
  Json json = small_manifest();
  json["base"]["initial_weights"] = {{"from", "checkpoint"}, {"layers", {0, 4, 2}}};
  json["teacher"] = {{"package", {{"name", "three large ones"}, {"identity", nullptr}}}, {"contexts", 3}};
  json["settings"]["distillation_alpha"] = 0.5;
  TrainingManifest manifest = parse(json);
  CHECK(manifest.base_layers == std::vector<std::int64_t>{0, 4, 2});
  CHECK_FALSE(manifest.random_weights);
  CHECK(manifest.teacher->package == "three large ones");
  CHECK(manifest.teacher->contexts == 3);
  CHECK(manifest.runs[0].settings.learns_from_teacher());
  CHECK(to_json(parse(to_json(manifest))) == to_json(manifest));

  json["teacher"] = {{"checkpoints", Json::array({{{"name", "run_0"}, {"sha256", std::string(64, 'a')}}})}};
  manifest = parse(json);
  CHECK(manifest.teacher->checkpoints[0].sha256 == std::string(64, 'a'));
  CHECK(to_json(parse(to_json(manifest))) == to_json(manifest));

  json["teacher"] = {{"tables", Json::array({{{"data", "a.csv"}, {"name", "t.csv"}, {"sha256", nullptr}}})}};
  manifest = parse(json);
  CHECK(manifest.teacher->tables[0].first == "a.csv");
  CHECK(to_json(parse(to_json(manifest))) == to_json(manifest));
}

TEST_CASE("a teacher that a manifest does not describe well is refused, and so are a student's layers") {
  const auto table = [](const char* data) {
    return Json{{"tables", Json::array({{{"data", data}, {"name", "t.csv"}, {"sha256", nullptr}}})}};
  };
  CHECK_THAT(fault([&](Json& json) { json["teacher"] = table("v.csv"); }),
             ContainsSubstring("$.teacher.tables[0].data") && ContainsSubstring("not a file with the role train"));
  CHECK_THAT(fault([&](Json& json) {
               json["teacher"] = table("a.csv");
               json["data"].push_back({{"name", "b.csv"}, {"sha256", nullptr}, {"rows", nullptr}, {"role", "train"}});
             }),
             ContainsSubstring("$.teacher.tables") && ContainsSubstring("has none for b.csv"));
  CHECK_THAT(fault([&](Json& json) {
               json["teacher"] = table("a.csv");
               json["teacher"]["contexts"] = 2;
             }),
             ContainsSubstring("$.teacher.contexts"));
  CHECK_THAT(fault([](Json& json) { json["teacher"] = Json::object(); }), ContainsSubstring("$.teacher"));
  CHECK_THAT(fault([](Json& json) {
               json["base"]["initial_weights"] = {{"from", "checkpoint"}, {"layers", {1, 1}}};
             }),
             ContainsSubstring("$.base.initial_weights.layers[1]") && ContainsSubstring("is named before"));
}

TEST_CASE("a manifest written out whole is the same manifest") {
  const TrainingManifest manifest = parse(small_manifest());
  CHECK(to_json(parse(to_json(manifest))) == to_json(manifest));
}

TEST_CASE("a manifest may name the index that a file's contexts must be from, and how many contexts are drawn from") {
  Json json = small_manifest();
  json["data"][0]["retrieval"] = {{"index_sha256", std::string(64, 'a')}};
  json["settings"]["contexts_per_question"] = 3;
  const TrainingManifest manifest = parse(json);
  CHECK(manifest.data[0].index_sha256 == std::string(64, 'a'));
  CHECK_FALSE(manifest.data[1].index_sha256);
  CHECK(manifest.runs[1].settings.contexts_per_question == 3);
  CHECK(to_json(parse(to_json(manifest))) == to_json(manifest));
  CHECK(parse(small_manifest()).runs[0].settings.contexts_per_question == 1);
  CHECK_THAT(fault([](Json& bad) {
               bad["data"][0]["retrieval"] = {{"index_sha256", "abc"}};
             }),
             ContainsSubstring("$.data[0].retrieval.index_sha256"));
  CHECK_THAT(fault([](Json& bad) { bad["settings"]["contexts_per_question"] = 0; }),
             ContainsSubstring("contexts_per_question"));
}

TEST_CASE("a manifest names the instruction set of all kernels, or leaves it to the CPU") {
  CHECK(!parse(small_manifest()).isa);
  Json json = small_manifest();
  json["isa"] = "avx512_vnni";
  CHECK(parse(json).isa == Isa::avx512_vnni);
  CHECK(to_json(parse(json))["isa"] == "avx512_vnni");
  json["isa"] = "native";
  CHECK(!parse(json).isa);
  CHECK(to_json(parse(json))["isa"] == "native");
  CHECK_THAT(fault([](Json& m) { m["isa"] = "avx"; }), ContainsSubstring("$.isa"));
}

TEST_CASE("a wrong manifest is refused with the JSON path") {
  CHECK_THAT(fault([](Json& m) { m["runs"][0]["settings"]["learning_rate"] = "x"; }),
             ContainsSubstring("m.json") && ContainsSubstring("$.runs[0].settings.learning_rate"));
  CHECK_THAT(fault([](Json& m) { m["runs"][0]["settings"]["learning_rat"] = 1; }),
             ContainsSubstring("$.runs[0].settings") && ContainsSubstring("learning_rat"));
  CHECK_THAT(fault([](Json& m) { m["runs"][1].erase("name"); }), ContainsSubstring("$.runs[1]"));
  CHECK_THAT(fault([](Json& m) { m["base"]["files"][1]["sha256"] = "zz"; }),
             ContainsSubstring("$.base.files[1].sha256"));
  CHECK_THAT(fault([](Json& m) { m["version"] = 2; }), ContainsSubstring("$.version"));
  CHECK_THAT(fault([](Json& m) { m["data"][0]["role"] = "test"; }), ContainsSubstring("$.data[0].role"));
  CHECK_THAT(fault([](Json& m) { m["data"][0]["name"] = "../a.csv"; }), ContainsSubstring("$.data[0].name"));
  CHECK_THAT(fault([](Json& m) { m["runs"] = Json::array(); }), ContainsSubstring("$.runs"));
}

TEST_CASE("what a schema cannot say is checked too, with the JSON path") {
  CHECK_THAT(fault([](Json& m) { m["runs"][1]["name"] = "run_0"; }), ContainsSubstring("$.runs[1].name"));
  CHECK_THAT(fault([](Json& m) { m["data"][1]["name"] = "a.csv"; }), ContainsSubstring("$.data[1].name"));
  CHECK_THAT(fault([](Json& m) { m["runs"][0]["data"] = {"v.csv"}; }), ContainsSubstring("$.runs[0].data[0]"));
  CHECK_THAT(fault([](Json& m) { m["runs"][1]["fold"]["index"] = 5; }), ContainsSubstring("$.runs[1].fold.index"));
  CHECK_THAT(fault([](Json& m) { m["data"][0]["role"] = "valid"; }), ContainsSubstring("$.data"));
}

TEST_CASE("text that is not JSON is refused") {
  CHECK_THROWS_AS(parse_training_manifest("{", "m.json"), InputError);
}

TEST_CASE("the manifests that sciexam ships fit the schema, and say which instruction set they use") {
  int found = 0;
  for (const auto& entry : std::filesystem::directory_iterator(SCIEXAM_SOURCE_DIR "/weights_manifest")) {
    if (entry.path().filename() == "schema.json" || entry.path().extension() != ".json")
      continue;
    INFO(entry.path());
    const std::string text = read_text_file(entry.path());
    const std::string name = entry.path().stem();
    const std::size_t models = name == "demo" ? 2 : name.ends_with("-distilled") ? 1 : 3;
    CHECK(parse_training_manifest(text, entry.path()).runs.size() == models);
    CHECK(Json::parse(text).contains("isa"));
    ++found;
  }
  CHECK(found >= 4);
}

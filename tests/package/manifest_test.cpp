#include "package/manifest.hpp"
#include "support/errors.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/matchers/catch_matchers_exception.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace sciexam;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::MessageMatches;

namespace {

const std::string kHash(64, 'a');

ModelRecord some_model(const std::string& name) {
  ModelRecord model;
  model.name = name;
  model.weights.name = name + ".safetensors.zst";
  FramedFile& content = model.weights.content;
  content.frames = {{0, 50, 0, 104, kHash, kHash}, {50, 70, 104, 80, kHash, kHash}};
  content.seek_table = {120, seek_table_bytes(2), kHash};
  content.size = 120 + seek_table_bytes(2);
  content.raw_size = 184;
  content.sha256 = content.raw_sha256 = kHash;
  model.config = {"config.json", 300, kHash};
  model.weight = 0.1;
  model.training = {{"seed", 7}, {"rate", 5e-6}};
  model.probe = {{{1, 2, 300}, -0.1234567890123}, {{1, 2}, 4}};
  return model;
}

Manifest some_manifest() {
  Manifest manifest;
  manifest.title = "Übung \"1\"";
  manifest.created_by = "sciexam 0.1.0";
  manifest.package_version = "3";
  manifest.template_kind = Template::open_book;
  manifest.max_length = 256;
  manifest.retrieval_weight = 0.25;
  manifest.vocabulary = {"spm.model", 1000, kHash};
  manifest.models = {some_model("run_0"), some_model("run_1")};
  manifest.models[1].training = nullptr;
  manifest.models[1].dtype = DType::f32;
  return manifest;
}

Json some_document() {
  return Json::parse(write_manifest(some_manifest()));
}

/// The document with an identity that fits, so that parse_manifest() looks at the rest.
std::string sealed(Json document) {
  document["manifest_sha256"] = manifest_identity(document);
  return document.dump();
}

Manifest parse(std::string_view text) {
  return parse_manifest(text, "somewhere/manifest.json");
}

} // namespace

TEST_CASE("a manifest comes back as it was written") {
  const std::string text = write_manifest(some_manifest());
  const Manifest manifest = parse(text);
  CHECK(manifest.identity.size() == 64);
  CHECK(manifest.title == "Übung \"1\"");
  CHECK(manifest.package_version == "3");
  CHECK(manifest.template_kind == Template::open_book);
  CHECK(manifest.max_length == 256);
  CHECK(manifest.retrieval_weight == 0.25);
  REQUIRE(manifest.models.size() == 2);
  const ModelRecord& model = manifest.models[0];
  CHECK(model.weights.plain_name() == "run_0.safetensors");
  CHECK(model.weights.content.frames[1].raw_offset == 104);
  CHECK(model.dtype == DType::f16);
  CHECK(manifest.models[1].dtype == DType::f32);
  CHECK(model.weight == 0.1);
  CHECK(model.training.at("seed") == 7);
  CHECK(manifest.models[1].training.is_null());
  CHECK(model.probe[0].ids == std::vector<std::int32_t>{1, 2, 300});
  CHECK(model.probe[0].logit == -0.1234567890123);
  CHECK(write_manifest(manifest) == text);
}

TEST_CASE("the identity is the sha256 of the canonical document") {
  // Python: sha256(json.dumps({"b": 1, "a": [1.5, "é", None]}, sort_keys=True, separators=(",", ":"),
  // ensure_ascii=False))
  const Json document = {{"manifest_sha256", "x"}, {"b", 1}, {"a", {1.5, "é", nullptr}}};
  CHECK(manifest_identity(document) == "a9774dee93966d7a84d5d046d982c52c79aeb1d8c233bed52df697b2bebf09ba");
}

TEST_CASE("a reformatted manifest is the same manifest") {
  const Json document = some_document();
  const nlohmann::json sorted = document;
  CHECK(parse(document.dump()).identity == parse(sorted.dump(8)).identity);
}

TEST_CASE("a manifest that was edited is refused") {
  Json document = some_document();
  document["models"][1]["weight"] = 0.2;
  CHECK_THROWS_MATCHES(
      parse(document.dump()), PackageError,
      MessageMatches(ContainsSubstring("somewhere/manifest.json: was damaged or edited: its content does not match")));
}

TEST_CASE("a manifest of another format or version is refused as such") {
  Json document = some_document();
  document["version"] = 2;
  CHECK_THROWS_WITH(parse(sealed(document)), ContainsSubstring("version 2 of the package format"));
  document["format"] = "other";
  CHECK_THROWS_WITH(parse(sealed(document)), ContainsSubstring("not the manifest of a sciexam package"));
}

TEST_CASE("anything but a JSON object is refused as a damaged package") {
  const char* text = GENERATE("", "{", "[]", "3", "null", "{\"format\":\"sciexam-package\"}", "{\"a\":1,\"a\":1}");
  CHECK_THROWS_MATCHES(parse(text), PackageError, MessageMatches(ContainsSubstring("somewhere/manifest.json")));
}

TEST_CASE("a manifest with a wrong value is refused by the value's place") {
  struct Wrong {
    const char* pointer;
    Json value;
    const char* message;
  };
  const std::string upper(64, 'A');
  const auto [pointer, value, message] = GENERATE_COPY(values<Wrong>({
      {"/extra", 1, "unknown member \"extra\""},
      {"/template", "half_open", "$.template"},
      {"/max_length", -1, "$.max_length"},
      {"/max_length", 2, "$.max_length: has no room"},
      {"/retrieval_weight", 1.5, "$.retrieval_weight: is not a number from 0 to 1"},
      {"/retrieval_weight", -0.1, "$.retrieval_weight: is not a number from 0 to 1"},
      {"/retrieval_weight", "half", "$.retrieval_weight"},
      {"/models", Json::array(), "$.models: holds no model"},
      {"/models/0/extra", 1, "unknown member \"extra\""},
      {"/models/0/dtype", "bf16", "not one of \"f16\", \"f32\" and \"int8\""},
      {"/models/0/weight", -0.5, "$.models[0].weight"},
      {"/models/0/training", 3, "neither an object nor null"},
      {"/models/0/probe/0/ids/1", -1, "$.models[0].probe[0].ids[1]"},
      {"/models/0/probe/0/ids", Json::array(), "$.models[0].probe[0].ids: is empty"},
      {"/models/0/probe/0/logit", nullptr, "$.models[0].probe[0].logit"},
      {"/vocabulary/file", "../spm.model", "not a plain file name"},
      {"/vocabulary/file", "/etc/passwd", "not a plain file name"},
      {"/vocabulary/file", "..", "not a plain file name"},
      {"/vocabulary/file", ".hidden", "not a plain file name"},
      {"/vocabulary/file", "a\nb", "not a plain file name"},
      {"/vocabulary/file", "", "not a plain file name"},
      {"/vocabulary/file", "manifest.json", "for two contents"},
      {"/vocabulary/file", "run_1.safetensors", "for two contents"},
      {"/vocabulary/size", 1e18, "$.vocabulary.size"},
      {"/vocabulary/sha256", upper, "not a sha256"},
      {"/vocabulary/sha256", "aa", "not a sha256"},
      {"/models/1/config/size", 301, "\"config.json\" for two contents"},
      {"/models/1/weights/file", "run_0.safetensors.zst", "for two contents"},
      {"/models/0/weights/file", "run_0.bin", "does not end with .safetensors.zst"},
      {"/models/0/weights/file", ".safetensors.zst", "not a plain file name"},
      {"/models/0/weights/size", 121, "$.models[0].weights.seek_table"},
      {"/models/0/weights/raw_size", 185, "$.models[0].weights.raw_size"},
      {"/models/0/weights/frames", Json::array(), "$.models[0].weights.frames: is empty"},
      {"/models/0/weights/frames/1/offset", 51, "$.models[0].weights.frames[1]: does not begin where"},
      {"/models/0/weights/frames/1/raw_offset", 103, "$.models[0].weights.frames[1]: does not begin where"},
      {"/models/0/weights/frames/1/raw_size", 0, "a frame holds 1 to"},
      {"/models/0/weights/frames/1/raw_size", 1 << 25, "a frame holds 1 to"},
      {"/models/0/weights/frames/1/size", 0, "$.models[0].weights.frames[1]"},
      {"/models/0/weights/frames/1/size", 100000, "$.models[0].weights.frames[1]"},
      {"/models/0/weights/frames/1/raw_sha256", nullptr, "$.models[0].weights.frames[1].raw_sha256"},
      {"/models/0/weights/seek_table/offset", 119, "$.models[0].weights.seek_table"},
      {"/models/0/weights/seek_table/size", 20, "$.models[0].weights.seek_table"},
  }));
  CAPTURE(pointer, value.dump());
  Json document = some_document();
  document[Json::json_pointer(pointer)] = value;
  CHECK_THROWS_MATCHES(parse(sealed(document)), PackageError, MessageMatches(ContainsSubstring(message)));
}

TEST_CASE("a manifest without one of its members is refused by the member's name") {
  const Json whole = some_document();
  for (const char* place : {"", "/vocabulary", "/models/0", "/models/0/config", "/models/0/weights",
                            "/models/0/weights/frames/0", "/models/0/weights/seek_table", "/models/0/probe/0"})
    for (const auto& [key, value] : whole.at(Json::json_pointer(place)).items()) {
      if (key == "package_version" || key == "retrieval_weight")
        continue; // packages need not have them
      Json document = whole;
      document.at(Json::json_pointer(place)).erase(key);
      CAPTURE(place, key);
      CHECK_THROWS_MATCHES(parse(key == "manifest_sha256" ? document.dump() : sealed(document)), PackageError,
                           MessageMatches(ContainsSubstring("has no \"" + key + "\"")));
    }
}

TEST_CASE("models whose weights are all 0 cannot vote") {
  Json document = some_document();
  document["models"][0]["weight"] = 0;
  CHECK(parse(sealed(document)).models[0].weight == 0);
  document["models"][1]["weight"] = 0;
  CHECK_THROWS_WITH(parse(sealed(document)), ContainsSubstring("no model with a weight above 0"));
}

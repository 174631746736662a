#include "train/manifest/manifest.hpp"

#include "support/errors.hpp"
#include "support/text/json_schema.hpp"

#include <algorithm>
#include <set>

namespace sciexam::inline train {
namespace {

constexpr const char* kFormat = "sciexam-training";
constexpr const char* kNative = "native"; // isa: the best that the CPU has

InputFile parse_file(const JsonView& view) {
  InputFile file{view.at("name").string(), {}};
  if (view.has("sha256"))
    file.sha256 = view.at("sha256").string();
  return file;
}

Template parse_template(const JsonView& view) {
  return template_of_name(view.string()).value_or(Template::closed_book); // the schema lets no other name through
}

std::vector<ManifestData> parse_data(const JsonView& list, Template usual) {
  std::vector<ManifestData> data;
  std::set<std::string> names;
  for (std::size_t i = 0; i < list.size(); ++i) {
    const JsonView view = list.at(i);
    ManifestData file{parse_file(view), {}, view.at("role").string() == "valid", usual};
    if (view.has("rows"))
      file.rows = view.at("rows").integer(1, INT64_MAX);
    if (view.has("template"))
      file.template_kind = parse_template(view.at("template"));
    if (view.has("retrieval"))
      file.index_sha256 = view.at("retrieval").at("index_sha256").string();
    if (!names.insert(file.file.name).second)
      view.at("name").fail("is also an earlier file's name", "Name each file once");
    data.push_back(std::move(file));
  }
  if (std::all_of(data.begin(), data.end(), [](const ManifestData& file) { return file.is_valid; }))
    list.fail("has no file with the role train", "Name what is to be trained on");
  return data;
}

RunPlan parse_run(const JsonView& view, const JsonView& root, const std::vector<ManifestData>& data) {
  RunPlan run;
  run.name = view.at("name").string();
  if (view.has("data"))
    for (std::size_t i = 0; i < view.at("data").size(); ++i) {
      const JsonView name = view.at("data").at(i);
      run.data.push_back(name.string());
      if (std::none_of(data.begin(), data.end(),
                       [&](const ManifestData& file) { return !file.is_valid && file.file.name == run.data.back(); }))
        name.fail("is " + name.json().dump() + ", which is not a file with the role train in $.data",
                  "Correct the name");
    }
  if (view.has("fold")) {
    const JsonView fold = view.at("fold");
    run.fold = Fold{fold.at("index").integer(0, 99), fold.at("count").integer(2, 100)};
    if (run.fold->index >= run.fold->count)
      fold.at("index").fail("is not below the number of folds", "Folds are counted from 0");
  }
  if (root.has("settings"))
    set_from_json(run.settings, root.at("settings"));
  if (view.has("settings"))
    set_from_json(run.settings, view.at("settings"));
  check_settings(run.settings);
  return run;
}

Json to_json(const InputFile& file) {
  return {{"name", file.name}, {"sha256", file.sha256 ? Json(*file.sha256) : Json(nullptr)}};
}

Json to_json(const ManifestData& data) {
  Json json = to_json(data.file);
  json["rows"] = data.rows ? Json(*data.rows) : Json(nullptr);
  json["role"] = data.is_valid ? "valid" : "train";
  json["template"] = name_of(data.template_kind);
  if (data.index_sha256)
    json["retrieval"] = {{"index_sha256", *data.index_sha256}};
  return json;
}

Json to_json(const RunPlan& run) {
  Json json = {{"name", run.name}};
  if (!run.data.empty())
    json["data"] = run.data;
  if (run.fold)
    json["fold"] = {{"index", run.fold->index}, {"count", run.fold->count}};
  json["settings"] = to_json(run.settings);
  return json;
}

} // namespace

TrainingManifest parse_training_manifest(std::string_view text, const std::filesystem::path& file) {
  check_json_schema(text, file, manifest_schema());
  const JsonDocument document(text, file);
  const JsonView root = document.root(), base = root.at("base");
  TrainingManifest manifest;
  manifest.title = root.at("title").string();
  manifest.base_name = base.at("name").string();
  manifest.random_weights = base.at("initial_weights").string() == "random";
  for (std::size_t i = 0; i < base.at("files").size(); ++i)
    manifest.base_files.push_back(parse_file(base.at("files").at(i)));
  manifest.template_kind = parse_template(root.at("template"));
  if (root.has("max_length"))
    manifest.max_length = static_cast<int>(root.at("max_length").integer(0, 1 << 20));
  if (root.has("exclude_near_duplicates"))
    manifest.exclude_near_duplicates = root.at("exclude_near_duplicates").boolean();
  if (root.has("isa"))
    manifest.isa = isa_of_option(root.at("isa").string()); // the schema lets nothing else through but "native"
  manifest.data = parse_data(root.at("data"), manifest.template_kind);
  std::set<std::string> names;
  for (std::size_t i = 0; i < root.at("runs").size(); ++i) {
    const JsonView view = root.at("runs").at(i);
    manifest.runs.push_back(parse_run(view, root, manifest.data));
    if (!names.insert(manifest.runs.back().name).second)
      view.at("name").fail("is also an earlier run's name", "Give every run a name of its own");
  }
  return manifest;
}

Json to_json(const TrainingManifest& manifest) {
  Json files = Json::array(), data = Json::array(), runs = Json::array();
  for (const InputFile& file : manifest.base_files)
    files.push_back(to_json(file));
  for (const ManifestData& file : manifest.data)
    data.push_back(to_json(file));
  for (const RunPlan& run : manifest.runs)
    runs.push_back(to_json(run));
  return {{"format", kFormat},
          {"version", 1},
          {"title", manifest.title},
          {"base",
           {{"name", manifest.base_name},
            {"initial_weights", manifest.random_weights ? "random" : "checkpoint"},
            {"files", std::move(files)}}},
          {"data", std::move(data)},
          {"template", name_of(manifest.template_kind)},
          {"max_length", manifest.max_length},
          {"exclude_near_duplicates", manifest.exclude_near_duplicates},
          {"isa", manifest.isa ? isa_option(*manifest.isa) : kNative},
          {"runs", std::move(runs)}};
}

} // namespace sciexam::inline train

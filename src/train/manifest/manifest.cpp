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

Teacher parse_teacher(const JsonView& view, const std::vector<ManifestData>& data) {
  Teacher teacher;
  if (view.has("package"))
    teacher.package = view.at("package").at("name").string();
  if (view.has("package") && view.at("package").has("identity"))
    teacher.package_identity = view.at("package").at("identity").string();
  for (std::size_t i = 0; view.has("checkpoints") && i < view.at("checkpoints").size(); ++i)
    teacher.checkpoints.push_back(parse_file(view.at("checkpoints").at(i)));
  std::set<std::string> named;
  for (std::size_t i = 0; view.has("tables") && i < view.at("tables").size(); ++i) {
    const JsonView table = view.at("tables").at(i), of = table.at("data");
    const std::string name = of.string();
    if (std::ranges::none_of(data, [&](const ManifestData& file) { return !file.is_valid && file.file.name == name; }))
      of.fail("is " + of.json().dump() + ", which is not a file with the role train in $.data", "Correct the name");
    if (!named.insert(name).second)
      of.fail("is also an earlier table's", "Give each training file one table");
    teacher.tables.emplace_back(name, parse_file(table));
  }
  for (const ManifestData& file : data)
    if (!teacher.tables.empty() && !file.is_valid && !named.contains(file.file.name))
      view.at("tables").fail("has none for " + file.file.name, "Give each training file a table");
  if (view.has("contexts"))
    teacher.contexts = view.at("contexts").integer(0, 16);
  if (teacher.contexts > 0 && !teacher.tables.empty())
    view.at("contexts").fail("is not for tables, whose answers are there already", "Remove it");
  return teacher;
}

void parse_initial_weights(const JsonView& view, TrainingManifest& manifest) {
  if (view.json().is_string()) {
    manifest.random_weights = view.string() == "random";
    return;
  }
  const JsonView layers = view.at("layers");
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const std::int64_t layer = layers.at(i).integer(0, 4095);
    if (std::ranges::find(manifest.base_layers, layer) != manifest.base_layers.end())
      layers.at(i).fail("is named before", "Name each layer once");
    manifest.base_layers.push_back(layer);
  }
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

Json to_json(const Teacher& teacher) {
  Json json = Json::object();
  if (teacher.package)
    json["package"] = {{"name", *teacher.package},
                       {"identity", teacher.package_identity ? Json(*teacher.package_identity) : Json(nullptr)}};
  for (const InputFile& checkpoint : teacher.checkpoints)
    json["checkpoints"].push_back(to_json(checkpoint));
  for (const auto& [data, file] : teacher.tables) {
    Json table = to_json(file);
    table["data"] = data;
    json["tables"].push_back(std::move(table));
  }
  if (teacher.contexts > 0)
    json["contexts"] = teacher.contexts;
  return json;
}

Json initial_weights(const TrainingManifest& manifest) {
  if (!manifest.base_layers.empty())
    return {{"from", "checkpoint"}, {"layers", manifest.base_layers}};
  return manifest.random_weights ? "random" : "checkpoint";
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
  parse_initial_weights(base.at("initial_weights"), manifest);
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
  if (root.has("teacher"))
    manifest.teacher = parse_teacher(root.at("teacher"), manifest.data);
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
  Json json = {
      {"format", kFormat},
      {"version", 1},
      {"title", manifest.title},
      {"base",
       {{"name", manifest.base_name}, {"initial_weights", initial_weights(manifest)}, {"files", std::move(files)}}},
      {"data", std::move(data)},
      {"template", name_of(manifest.template_kind)},
      {"max_length", manifest.max_length},
      {"exclude_near_duplicates", manifest.exclude_near_duplicates},
      {"isa", manifest.isa ? isa_option(*manifest.isa) : kNative},
      {"runs", std::move(runs)}};
  if (manifest.teacher)
    json["teacher"] = to_json(*manifest.teacher);
  return json;
}

} // namespace sciexam::inline train

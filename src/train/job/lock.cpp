#include "train/job/lock.hpp"

#include "model/runtime.hpp"
#include "support/machine/cpu.hpp"

#include <algorithm>

namespace sciexam {
namespace {

namespace fs = std::filesystem;

constexpr const char* kLockFormat = "sciexam-training-lock";

/// "run_0" of "run_0_fold_3" where there are folds.
std::string without_fold(const std::string& name, std::int64_t folds) {
  return folds > 1 ? name.substr(0, name.rfind("_fold_")) : name;
}

Json machine_of(const TrainingRequest& request) {
  return {{"cpu", cpu_model()},
          {"features", cpu_features()},
          {"kernels", chosen_kernels()},
          {"threads", request.threads},
          {"device", request.device}};
}

} // namespace

Json make_lock(const TrainingRequest& request, const Json& base_files, const Json& data_files,
               const TrainingOutcome& outcome, const NamedTexts& scores) {
  TrainingManifest manifest = request.manifest;
  if (!request.runs.empty())
    std::erase_if(manifest.runs, [&](const RunPlan& run) {
      return std::find(request.runs.begin(), request.runs.end(), run.name) == request.runs.end();
    });
  Json runs = Json::array(), named_scores = Json::object();
  for (const RunResult& result : outcome.runs)
    runs.push_back(to_json(result));
  for (const auto& [name, value] : scores)
    named_scores[name] = value;
  return {{"format", kLockFormat},
          {"version", 1},
          {"program", request.program},
          {"machine", machine_of(request)},
          {"reproducible", "the same weights come out on this kind of CPU with this number of threads"},
          {"folds", request.folds},
          {"manifest", to_json(manifest)},
          {"base", base_files},
          {"data", data_files},
          {"warnings", outcome.warnings},
          {"runs", std::move(runs)},
          {"scores", std::move(named_scores)}};
}

TrainingRequest request_of_lock(const fs::path& lock) {
  const JsonDocument document = JsonDocument::from_file(lock);
  const JsonView root = document.root();
  if (root.at("format").string() != kLockFormat)
    root.at("format").fail("is not " + std::string(kLockFormat), "Give the lock.json of a training");
  TrainingRequest request;
  request.manifest = parse_training_manifest(root.at("manifest").json().dump(), lock);
  request.threads = static_cast<int>(root.at("machine").at("threads").integer(1, 1024));
  request.device = root.at("machine").at("device").string();
  request.folds = root.at("folds").integer(0, 100);
  const JsonView runs = root.at("runs");
  for (std::size_t i = 0; i < runs.size(); ++i) {
    runs.at(i).at("weights_sha256").string(); // looked at again when all has been trained
    const std::string name = without_fold(runs.at(i).at("name").string(), request.folds);
    if (std::find(request.runs.begin(), request.runs.end(), name) == request.runs.end())
      request.runs.push_back(name);
  }
  if (request.runs.empty())
    runs.fail("is empty: there is nothing to compare with", "Give the lock.json of a training");
  return request;
}

std::vector<std::string> compare_with_lock(const fs::path& lock, const TrainingOutcome& outcome, bool& same) {
  const JsonDocument document = JsonDocument::from_file(lock);
  const JsonView root = document.root(), runs = root.at("runs");
  std::vector<std::string> lines;
  same = true;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    const std::string name = runs.at(i).at("name").string(), expected = runs.at(i).at("weights_sha256").string();
    const auto found = std::find_if(outcome.runs.begin(), outcome.runs.end(),
                                    [&](const RunResult& result) { return result.name == name; });
    if (found == outcome.runs.end())
      continue;
    const bool equal = found->weights_sha256 == expected;
    same = same && equal;
    std::string line = name;
    line += equal ? ": the same weights, sha256 "
                  : ": OTHER WEIGHTS, sha256 " + found->weights_sha256 + " where the lock has ";
    lines.push_back(line += expected);
  }
  if (!same)
    for (const auto& [name, there] : root.at("machine").members())
      if (const Json here = outcome.lock.at("machine").value(name, Json()); here != there.json())
        lines.push_back("the machine differs: " + name + " " + here.dump() + ", in the lock " + there.json().dump());
  return lines;
}

} // namespace sciexam

#include "train/job/lock.hpp"

#include "model/runtime.hpp"
#include "support/machine/cpu.hpp"
#include "support/text/counted.hpp"
#include "train/job/isa_choice.hpp"
#include "train/job/planned_runs.hpp"

#include <algorithm>
#include <utility>

namespace sciexam::inline train {
namespace {

namespace fs = std::filesystem;

constexpr const char* kLockFormat = "sciexam-training-lock";

/// Where the same weights come out. Products of bf16 are oneDNN's, whose sums may depend on more than the instruction
/// set.
std::string reproducible_where(const TrainingRequest& request, const TrainingManifest& manifest) {
  const bool by_isa =
      isa_is_held_everywhere() && request.on_cpu() &&
      std::none_of(manifest.runs.begin(), manifest.runs.end(), [](const RunPlan& run) { return run.settings.bf16; });
  if (!request.device_facts.empty())
    return "the same weights come out on this kind of GPU, with the same driver and program";
  return "the same weights come out on " +
         (by_isa ? "every CPU that has " + isa_name(chosen_isa()) : std::string("this kind of machine")) + ", with " +
         counted(request.threads, "thread");
}

/// Compares the instruction sets of this run and the lock. Lines are added only where they differ or are not known.
bool compare_isa(const JsonView& lock, const Json& here, std::vector<std::string>& lines) {
  const std::optional<Isa> there = isa_of_lock(lock), ours = isa_of_option(here.at("minimum_isa").get<std::string>());
  if (there && ours == there)
    return true;
  lines.push_back("the instruction set differs: " + (ours ? isa_name(*ours) : "unknown") + " here, in the lock " +
                  (there ? isa_name(*there) : "unknown") +
                  (there ? ". Without --isa it is the lock's" : " or several. --isa chooses one"));
  return false;
}

std::vector<std::string> differences(const JsonView& lock, const Json& here) {
  std::vector<std::string> lines;
  const bool equal_isa = compare_isa(lock, here, lines);
  for (const auto& [name, there] : lock.at("machine").members()) {
    if (equal_isa && name == "kernels") // names, which differ between versions of this program
      continue;
    if (const Json ours = here.at("machine").value(name, Json()); ours != there.json())
      lines.push_back("the machine differs: " + name + " " + ours.dump() + ", in the lock " + there.json().dump());
  }
  if (const Json ours = here.value("teacher", Json()); lock.has("teacher") && ours != lock.at("teacher").json())
    lines.push_back("the teacher differs: " + ours.dump() + ", in the lock " + lock.at("teacher").json().dump());
  if (const Json& ours = here.at("program"); lock.has("program") && ours != lock.at("program").json())
    lines.push_back("the program differs: " + ours.dump() + ", in the lock " + lock.at("program").json().dump());
  return lines;
}

} // namespace

Json training_machine(const TrainingRequest& request, const TrainingManifest& manifest) {
  Json machine = {{"cpu", cpu_model()},
                  {"features", cpu_features()},
                  {"kernels", chosen_kernels()},
                  {"threads", request.threads},
                  {"device", request.device},
                  {"minimum_isa", isa_option(chosen_isa())},
                  {"reproducible", reproducible_where(request, manifest)}};
  for (const auto& [name, text] : request.device_facts)
    machine[name] = text;
  return machine;
}

Json make_lock(const TrainingRequest& request, const Json& base_files, const Json& data_files, const Json& teacher,
               const TrainingOutcome& outcome, const NamedTexts& scores) {
  TrainingManifest manifest = request.manifest;
  if (!request.runs.empty())
    std::erase_if(manifest.runs, [&](const RunPlan& run) {
      return std::find(request.runs.begin(), request.runs.end(), run.name) == request.runs.end();
    });
  Json runs = Json::array(), named_scores = Json::object();
  Json machine = training_machine(request, manifest);
  if (!outcome.runs.empty() && !outcome.runs.front().machine.is_null())
    machine = outcome.runs.front().machine;
  for (const RunResult& result : outcome.runs) {
    runs.push_back(to_json(result));
    if (!result.machine.is_null() && result.machine != machine)
      runs.back()["machine"] = result.machine;
  }
  const Json minimum_isa = std::exchange(machine["minimum_isa"], nullptr),
             reproducible = std::exchange(machine["reproducible"], nullptr);
  machine.erase("minimum_isa");
  machine.erase("reproducible");
  for (const auto& [name, value] : scores)
    named_scores[name] = value;
  Json lock = {{"format", kLockFormat},
               {"version", 1},
               {"program", request.program},
               {"minimum_isa", minimum_isa},
               {"machine", machine},
               {"reproducible", reproducible},
               {"folds", request.folds},
               {"manifest", to_json(manifest)},
               {"base", base_files},
               {"data", data_files},
               {"warnings", outcome.warnings},
               {"runs", std::move(runs)},
               {"scores", std::move(named_scores)}};
  if (!teacher.is_null())
    lock["teacher"] = teacher;
  return lock;
}

TrainingRequest request_of_lock(const fs::path& lock) {
  const JsonDocument document = JsonDocument::from_file(lock);
  const JsonView root = document.root();
  if (root.at("format").string() != kLockFormat)
    root.at("format").fail("is not " + std::string(kLockFormat), "Give the lock.json of a training");
  TrainingRequest request;
  request.manifest = parse_training_manifest(root.at("manifest").json().dump(), lock);
  request.manifest.isa = isa_of_lock(root);
  request.threads = static_cast<int>(root.at("machine").at("threads").integer(1, 1024));
  request.device = root.at("machine").at("device").string();
  request.folds = root.at("folds").integer(0, 100);
  const JsonView runs = root.at("runs");
  for (std::size_t i = 0; i < runs.size(); ++i) {
    runs.at(i).at("weights_sha256").string(); // compared when all has been trained
    const std::string full = runs.at(i).at("name").string(), name = request.folds > 1 ? without_fold(full) : full;
    if (std::find(request.runs.begin(), request.runs.end(), name) == request.runs.end())
      request.runs.push_back(name);
  }
  if (request.runs.empty())
    runs.fail("is empty: there is nothing to compare with", "Give the lock.json of a training");
  return request;
}

LockComparison compare_with_lock(const fs::path& lock, const TrainingOutcome& outcome) {
  const JsonDocument document = JsonDocument::from_file(lock);
  const JsonView root = document.root(), runs = root.at("runs");
  LockComparison comparison;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    const std::string name = runs.at(i).at("name").string(), expected = runs.at(i).at("weights_sha256").string();
    const auto found = std::find_if(outcome.runs.begin(), outcome.runs.end(),
                                    [&](const RunResult& result) { return result.name == name; });
    if (found == outcome.runs.end())
      continue;
    const bool equal = found->weights_sha256 == expected;
    comparison.same = comparison.same && equal;
    std::string line = name + (equal ? ": the same weights, sha256 " : ": DIFFERENT WEIGHTS, sha256 ");
    if (!equal)
      line += found->weights_sha256 + " where the lock has ";
    comparison.lines.push_back(line + expected);
  }
  if (!comparison.same)
    for (std::string& line : differences(root, outcome.lock))
      comparison.lines.push_back(std::move(line));
  return comparison;
}

} // namespace sciexam::inline train

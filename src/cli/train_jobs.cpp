#include "cli/train_jobs.hpp"

#include "cli/options.hpp"
#include "support/errors.hpp"
#include "support/files/files.hpp"
#include "support/files/places.hpp"
#include "train/job/planned_runs.hpp"
#include "train/jobs/job_script.hpp"
#include "train/manifest/find_manifest.hpp"

#include <cstdio>
#include <filesystem>

namespace sciexam::inline cli {
namespace {

namespace fs = std::filesystem;

void refuse(bool given, const char* option, const char* why) {
  if (given)
    throw UsageError(std::string(option) + " cannot be given with --jobs: " + why);
}

/// The options of every task. Paths are made absolute, as jobs start elsewhere; with Kubernetes they are the
/// container's, and stay.
std::vector<std::string> task_arguments(const TrainOptions& options, const fs::path& manifest, bool keep_paths) {
  std::vector<std::string> words = {"train"};
  const auto add = [&](const char* name, const std::string& value) {
    if (!value.empty())
      words.insert(words.end(), {name, value});
  };
  const auto add_path = [&](const char* name, const std::string& value) {
    add(name, value.empty() || keep_paths ? value : fs::absolute(value).string());
  };
  add_path("--manifest", manifest.string());
  add_path("--base", options.base);
  add_path("--data", options.data);
  add_path("--teacher", options.teacher);
  add_path("--out", options.out);
  add("--device", options.device);
  add("--isa", options.isa);
  add("--time-limit", options.time_limit);
  for (const std::string& run : options.runs)
    add("--run", run);
  add("--threads", std::to_string(options.threads));
  add("--folds", options.folds > 0 ? std::to_string(options.folds) : "");
  add("--save-minutes", options.save_minutes > 0 ? std::to_string(options.save_minutes) : "");
  for (const auto& [name, value] : options.settings)
    add(option_name(name).c_str(), value);
  const std::pair<bool, const char*> flags[] = {{options.exclude_near_duplicates, "--exclude-near-duplicates"},
                                                {options.ignore_memory_estimate, "--ignore-memory-estimate"},
                                                {options.ignore_disk_estimate, "--ignore-disk-estimate"}};
  for (const auto& [given, flag] : flags)
    if (given)
      words.emplace_back(flag);
  return words;
}

std::vector<std::string> collecting_arguments(const TrainOptions& options, bool keep_paths) {
  if (options.pack.empty())
    return {};
  std::vector<std::string> words = {"--pack", keep_paths ? options.pack : fs::absolute(options.pack).string(),
                                    "--precision", options.precision};
  if (options.retrieval_weight > 0)
    words.insert(words.end(), {"--retrieval-weight", std::to_string(options.retrieval_weight)});
  return words;
}

} // namespace

void print_jobs(const TrainOptions& options) {
  refuse(!options.check.empty(), "--check", "a lock is compared by the command itself");
  refuse(options.resume, "--resume", "every task goes on by itself where it was");
  refuse(!options.earlier.empty(), "--earlier", "tasks share one folder, --out");
  refuse(options.task.has_value() || options.collect, "--task or --collect", "the jobs have them");
  if (options.threads == 0)
    throw UsageError("--jobs needs --threads: weights depend on their number, so every task must have the same");
  const Scheduler scheduler = scheduler_of_name(options.jobs);
  const Located found = find_manifest(options.manifest);
  TrainingRequest request;
  JobPlan plan;
  plan.manifest = read_text_file(found.path);
  request.manifest = parse_training_manifest(plan.manifest, found.path);
  request.runs = named_runs(options);
  request.folds = options.folds;
  plan.tasks = planned_runs(request).size();
  const bool in_container = scheduler == Scheduler::kubernetes;
  plan.program = in_container ? fs::path("/sciexam-run") : fs::read_symlink("/proc/self/exe");
  plan.arguments = task_arguments(options, found.path, in_container);
  plan.collecting = collecting_arguments(options, in_container);
  plan.out = in_container ? fs::path(options.out) : fs::absolute(options.out);
  plan.threads = options.threads;
  plan.gpu = options.device.starts_with("cuda");
  std::printf("%s", job_script(scheduler, plan).c_str());
  if (scheduler == Scheduler::slurm)
    fs::create_directories(plan.out); // where Slurm writes its logs: without it tasks end at once
}

} // namespace sciexam::inline cli

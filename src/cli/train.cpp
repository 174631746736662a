// sciexam-run train (also --train): fine-tunes the runs of a manifest.
#include "cli/commands.hpp"
#include "cli/options.hpp"
#include "cli/packing.hpp"
#include "cli/train_jobs.hpp"
#include "cli/train_options.hpp"
#include "cli/version.hpp"
#include "model/runtime.hpp"
#include "package/pack.hpp"
#include "support/clock.hpp"
#include "support/errors.hpp"
#include "support/files/files.hpp"
#include "support/files/places.hpp"
#include "support/messages/progress.hpp"
#include "train/job/isa_choice.hpp"
#include "train/job/lock.hpp"
#include "train/job/training_job.hpp"
#include "train/manifest/find_manifest.hpp"

#include <algorithm>
#include <cstdio>
#include <functional>
#include <map>
#include <memory>
#include <optional>

#include <CLI/CLI.hpp>

namespace sciexam::inline cli {
namespace {

constexpr double kKaggleTimeLimit = 11.4 * 3600; // of the twelve hours that a session has: a state takes a while

void override_settings(TrainingManifest& manifest, const std::map<std::string, std::string>& given) {
  for (RunPlan& run : manifest.runs) {
    for (const SettingField& field : setting_fields())
      if (const auto value = given.find(std::string(field.name)); value != given.end())
        set_from_text(run.settings, field, value->second);
    check_settings(run.settings);
  }
}

/// Holds all kernels to one instruction set: --isa, else what the manifest or lock `file` says, else SCIEXAM_ISA or the
/// best of this CPU. To be called before threads are started.
void choose_isa(TrainingManifest& manifest, const std::string& file, const TrainOptions& options) {
  std::string who = file, remedy = "Use a CPU that has them";
  if (!options.isa.empty()) {
    manifest.isa = isa_of_option(options.isa); // nothing for native
    who = "--isa " + options.isa;
    remedy = "Give one that it has, or native";
  } else if (options.check.empty()) {
    remedy += ", or give --isa";
  }
  if (manifest.isa)
    require_isa(*manifest.isa, best_isa(), who, remedy);
  use_isa(manifest.isa ? *manifest.isa : chosen_isa());
  log_line("kernels: " + chosen_kernels() + (manifest.isa ? ", for " + who : ""));
}

TrainingRequest request_of_manifest(const TrainOptions& options) {
  TrainingRequest request;
  const Located manifest = find_manifest(options.manifest);
  log_line("manifest: " + manifest.path.string() + " (" + manifest.reason + ")");
  request.manifest = parse_training_manifest(read_text_file(manifest.path), manifest.path);
  override_settings(request.manifest, options.settings);
  if (options.exclude_near_duplicates)
    request.manifest.exclude_near_duplicates = true;
  request.folds = options.folds;
  request.runs = named_runs(options);
  choose_isa(request.manifest, manifest.path.string(), options);
  request.threads = use_threads(options.threads);
  return request;
}

TrainingRequest request_to_check(const TrainOptions& options) {
  if (!options.settings.empty() || options.folds > 0 || options.exclude_near_duplicates)
    throw UsageError("--check trains as the lock says: settings, --folds and --exclude-near-duplicates cannot be given "
                     "with it");
  TrainingRequest request = request_of_lock(options.check);
  const std::vector<std::string> named = named_runs(options);
  for (const std::string& run : named)
    if (std::find(request.runs.begin(), request.runs.end(), run) == request.runs.end())
      throw UsageError(options.check + ": has no weights of " + run + ". Give --run one of its runs, or all");
  if (!named.empty())
    request.runs = named;
  choose_isa(request.manifest, options.check, options);
  request.threads = use_threads(options.threads > 0 ? options.threads : request.threads);
  return request;
}

void print_results(const TrainingOutcome& outcome) {
  std::printf("  %-20s %8s %10s %8s %10s  %s\n", "run", "steps", "best step", "MAP@3", "accuracy", "sha256");
  for (const RunResult& run : outcome.runs) {
    const auto& scores = run.result == "best" ? run.best : run.last;
    const Scores shown = scores.value_or(Scores{});
    std::printf("  %-20s %8lld %10lld %8.4f %10.4f  %.16s\n", run.name.c_str(), static_cast<long long>(run.steps),
                static_cast<long long>(run.best_step), shown.map_at_3, shown.accuracy, run.weights_sha256.c_str());
  }
  if (outcome.lock.is_null())
    return;
  for (const auto& [name, value] : outcome.lock.at("scores").items())
    std::printf("  %s %s\n", name.c_str(), value.get<std::string>().c_str());
}

void pack_outcome(const TrainOptions& options, const TrainingRequest& request, const TrainingOutcome& outcome) {
  PackingOptions packing;
  for (const auto& folder : outcome.checkpoints)
    packing.models.push_back(folder.string());
  packing.out = options.pack;
  packing.precision = options.precision;
  packing.title = request.manifest.title;
  packing.template_name = name_of(request.manifest.template_kind);
  packing.max_length = request.manifest.max_length;
  packing.retrieval_weight = options.retrieval_weight;
  packing.threads = request.threads;
  pack_checkpoints(packing);
}

/// A clock for the time limit; nothing where there is none.
std::function<double()> limit_time(const TrainOptions& options) {
  std::optional<double> limit = named_time_limit(options.time_limit);
  if (!limit && on_kaggle())
    limit = kKaggleTimeLimit;
  if (!limit)
    return {};
  const TimeLeft left = time_left_of(*limit, on_kaggle());
  log_line("time: " + format_duration(left.seconds) + " left of " + format_duration(*limit) +
           ", counted from the start of " + (left.of_session ? "the notebook's session" : "the program"));
  return [end = BootClock().seconds() + left.seconds] { return end - BootClock().seconds(); };
}

/// Where earlier sessions' outputs are: any folder of a notebook's inputs, if none is named.
std::vector<std::filesystem::path> earlier_outputs(const TrainOptions& options) {
  if (options.earlier.empty())
    return mounted_folders();
  return {options.earlier.begin(), options.earlier.end()};
}

std::string folder_of(const std::string& given, const char* variable) {
  const std::optional<Located> place = named_place(given, variable);
  return place ? place->path.string() : "";
}

void say_what_is_left(const TrainingOutcome& outcome) {
  std::string names;
  for (const std::string& run : outcome.unfinished)
    names += (names.empty() ? "" : ", ") + run;
  warn_line(
      "THE TIME IS UP, and not done: " + names +
      ". Their states are kept. To go on, run the same command with --resume; in a notebook, attach its output as "
      "an input and run it again");
}

ExitStatus run_train(const TrainOptions& options) {
  if (!options.manifest.empty() && !options.check.empty())
    throw UsageError("give either --manifest, to train, or --check with a lock, to train again and compare");
  if (!options.jobs.empty()) {
    print_jobs(options);
    return ExitStatus::done;
  }
  TrainingRequest request = options.check.empty() ? request_of_manifest(options) : request_to_check(options);
  request.base = folder_of(options.base, "SCIEXAM_BASE");
  request.data = folder_of(options.data, "SCIEXAM_DATA");
  request.teacher = folder_of(options.teacher, "SCIEXAM_TEACHER");
  request.out = options.out;
  if (!options.pack.empty())
    check_package_folder(options.pack); // before hours of work
  if (!options.device.empty())
    request.device = options.device;
  request.resume = options.resume || options.collect;
  request.collect = options.collect;
  request.task = options.task;
  if (options.resume)
    request.earlier = earlier_outputs(options);
  request.seconds_left = limit_time(options);
  request.ignore_memory_estimate = options.ignore_memory_estimate;
  request.ignore_disk_estimate = options.ignore_disk_estimate;
  request.save_minutes = options.save_minutes;
  request.program = "sciexam " + version();

  const TrainingOutcome outcome = train_all(request);
  print_results(outcome);
  if (!outcome.unfinished.empty()) {
    say_what_is_left(outcome);
    return ExitStatus::degraded;
  }
  if (!options.pack.empty())
    pack_outcome(options, request, outcome);
  if (options.check.empty())
    return ExitStatus::done;
  const LockComparison comparison = compare_with_lock(options.check, outcome);
  for (const std::string& line : comparison.lines)
    std::printf("%s\n", line.c_str());
  return comparison.same ? ExitStatus::done : ExitStatus::failed;
}

void add_setting_options(CLI::App& command, const std::shared_ptr<TrainOptions>& options) {
  for (const SettingField& field : setting_fields()) {
    const std::string name(field.name);
    command
        .add_option_function<std::string>(
            option_name(field.name), [options, name](const std::string& text) { options->settings[name] = text; },
            std::string(field.help))
        ->type_name("VALUE")
        ->group("Settings (default: the manifest's)");
  }
}

void add_training_files(CLI::App& command, TrainOptions& options) {
  command
      .add_option("--manifest", options.manifest,
                  "What to train: a file of weights_manifest/, or the name of one that is found beside the program, in "
                  "the working folder or under /kaggle/input")
      ->group("Inputs");
  command
      .add_option(
          "--base", options.base,
          "Folder of the base checkpoint: config.json, weights, spm.model or tokenizer.json [each file is found "
          "automatically]")
      ->group("Inputs");
  command.add_option("--data", options.data, "Folder with the manifest's data files [each is found automatically]")
      ->group("Inputs");
  command
      .add_option("--teacher", options.teacher,
                  "The package, or the folder with the checkpoints, of the manifest's teacher [SCIEXAM_TEACHER]")
      ->group("Inputs");
  command.add_option("--out", options.out, "Folder for checkpoints, logs, lock.json and report.html")
      ->required()
      ->group("Outputs");
  CLI::Option* pack =
      command.add_option("--pack", options.pack, "Also make a package of the trained models in this folder")
          ->group("Outputs");
  command.add_option("--precision", options.precision, "Precision of the package's weights: f16 or f32 [f16]")
      ->check(CLI::IsMember({"f16", "f32"}))
      ->needs(pack)
      ->group("Outputs");
  command
      .add_option("--retrieval-weight", options.retrieval_weight,
                  "The package's weight of a passage index's own ranking beside the models', 0 to 1 [0]")
      ->check(CLI::Range(0.0, 1.0))
      ->needs(pack)
      ->group("Outputs");
}

void add_training_tasks(CLI::App& command, TrainOptions& options) {
  const std::string group = "What to do";
  command.add_option("--run", options.runs, "Runs to train, by name or number, or all [all]")->group(group);
  command
      .add_option("--folds", options.folds,
                  "Train each run this many times, each time with another part held out: by the data's column `fold`, "
                  "if it has one")
      ->check(CLI::Range(2, 100))
      ->group(group);
  CLI::Option* resume =
      command.add_flag("--resume", options.resume, "Continue from what is in --out, or in --earlier")->group(group);
  command
      .add_option("--earlier", options.earlier,
                  "--out folders of earlier sessions, whose runs are copied into this one's [any under /kaggle/input]")
      ->check(CLI::ExistingDirectory)
      ->needs(resume)
      ->group(group);
  command
      .add_option(
          "--time-limit", options.time_limit,
          "Stop in time, with the state saved, and with exit status 3 if not everything is done: such as 8h50m, "
          "45m or 90s, from the start of the notebook's session (elsewhere: of the program) [SCIEXAM_TIME_LIMIT, else "
          "11h24m on Kaggle, else none]")
      ->group(group);
  CLI::Option* task =
      command
          .add_option("--task", options.task,
                      "Train only this one, from 0, of the runs or, with --folds, of their folds, and write neither "
                      "lock nor report: for a scheduler, see --jobs")
          ->check(CLI::NonNegativeNumber)
          ->group(group);
  command
      .add_flag("--collect", options.collect,
                "Train nothing: wait for the runs that others train into --out, then write lock and report (and pack)")
      ->excludes(task)
      ->group(group);
  command
      .add_option("--jobs", options.jobs,
                  "Train nothing: print jobs that do it, for slurm, kubernetes or shell (GNU parallel); see "
                  "docs/many_machines.md")
      ->check(CLI::IsMember({"slurm", "kubernetes", "shell"}))
      ->group(group);
  command
      .add_option("--check", options.check,
                  "Train again as this lock.json says, with the instruction set that it names, and compare the weights")
      ->group(group);
  command
      .add_flag("--exclude-near-duplicates", options.exclude_near_duplicates,
                "Leave out training questions that are near-duplicates of validation questions")
      ->group(group);
}

void add_training_machine(CLI::App& command, TrainOptions& options) {
  const std::string group = "Machine";
  command
      .add_option("--save-minutes", options.save_minutes,
                  "Write the state to resume from so often, rather than every save_steps")
      ->check(CLI::PositiveNumber)
      ->group(group);
  command.add_flag("--ignore-disk-estimate", options.ignore_disk_estimate, "Start even if the disk seems too small")
      ->group(group);
  command.add_flag("--ignore-memory-estimate", options.ignore_memory_estimate, "Start even if memory seems too small")
      ->group(group);
  command
      .add_option("--device", options.device,
                  "cpu, cuda (all GPUs), cuda:1, or auto: all GPUs, or the CPU where none can be used or the manifest "
                  "asks for an instruction set or bf16 [auto; with --check, the lock's]")
      ->group(group);
  command
      .add_option("--isa", options.isa,
                  "Hold all kernels to avx2, avx512, avx512_vnni, avx512_bf16 or avx512_amx: the weights are then the "
                  "same on every CPU that has it; native: the best of this CPU [the manifest's or the lock's, else "
                  "native]")
      ->check(CLI::IsMember({"native", "avx2", "avx512", "avx512_vnni", "avx512_bf16", "avx512_amx"}))
      ->type_name("SET")
      ->group(group);
  add_threads_option(command, options.threads);
}

} // namespace

void add_train(CLI::App& app, ExitStatus& status) {
  const auto options = std::make_shared<TrainOptions>();
  CLI::App* command = app.add_subcommand("train", "Fine-tunes the runs of a manifest (also: --train)");
  add_training_files(*command, *options);
  add_training_tasks(*command, *options);
  add_training_machine(*command, *options);
  add_setting_options(*command, options);
  command->callback([options, &status] { status = run_train(*options); });
}

} // namespace sciexam::inline cli

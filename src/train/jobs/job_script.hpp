// A training as jobs of a scheduler: a task for each run and fold, and one that collects what they leave.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace sciexam::inline train {

enum class Scheduler { shell, slurm, kubernetes };

/// What the jobs do. Task K runs `arguments` with "--task K", the collecting one with "--collect" and `collecting`.
struct JobPlan {
  std::size_t tasks = 0;
  std::filesystem::path program;
  std::vector<std::string> arguments;  ///< "train", "--manifest", ..., without --resume, which is added
  std::vector<std::string> collecting; ///< further ones: "--pack", ...
  std::filesystem::path out;           ///< of the training: logs go there
  int threads = 1;                     ///< CPUs of a task
  bool gpu = false;                    ///< a task wants a GPU
  std::string manifest;                ///< the manifest's text, which Kubernetes mounts
};

/// "slurm", "kubernetes", "shell". Throws UsageError for anything else.
Scheduler scheduler_of_name(std::string_view name);

/// The text that the scheduler takes:
///   - slurm: a script for `sbatch`, or for `bash`, which submits both jobs. An array task is started again from its
///     last state where its time is up (Slurm sends USR1 three minutes before), or where it was killed.
///   - kubernetes: a List of a ConfigMap, an Indexed Job and a collecting Job, as JSON. Paths are the container's.
///   - shell: a line a task, for GNU parallel or xargs, and a comment with the collecting command.
std::string job_script(Scheduler scheduler, const JobPlan& plan);

} // namespace sciexam::inline train

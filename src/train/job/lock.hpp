// lock.json: what went into a training and what came out, so that it can be done again and compared.
#pragma once

#include "train/job/request.hpp"

#include <filesystem>
#include <string>
#include <vector>

namespace sciexam::inline train {

/// What weights may depend on beside the inputs: CPU, kernels, "minimum_isa", threads, device, and where the same
/// weights come out ("reproducible"). Kernels are held to one instruction set by now (use_isa()), which is the minimum
/// that a CPU needs to repeat them.
Json training_machine(const TrainingRequest& request, const TrainingManifest& manifest);

/// The lock of the runs that `outcome` has. `base_files` and `data_files` are the inputs that were found, with their
/// sha256, `teacher` is what teach() says, or null. The machine is the one that has trained the runs, which need not be
/// this one; where there are several, each run names its own, and the lock the first.
Json make_lock(const TrainingRequest& request, const Json& base_files, const Json& data_files, const Json& teacher,
               const TrainingOutcome& outcome, const NamedTexts& scores);

/// What a lock says was done: manifest with instruction set (see isa_of_lock()), device, threads, folds, and the runs
/// whose weights it has. Throws InputError if the file is not a lock.
TrainingRequest request_of_lock(const std::filesystem::path& lock);

struct LockComparison {
  bool same = true;               ///< all weights are the lock's
  std::vector<std::string> lines; ///< one for each run, and, if they are not all the same, what differs
};

/// Compares the runs of `outcome` with those of the same names in `lock`.
LockComparison compare_with_lock(const std::filesystem::path& lock, const TrainingOutcome& outcome);

} // namespace sciexam::inline train

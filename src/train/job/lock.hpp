// lock.json: what went into a training and what came out, so that it can be done again and compared.
#pragma once

#include "train/job/training_job.hpp"

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace sciexam {

/// Names and values, to be shown.
using NamedTexts = std::vector<std::pair<std::string, std::string>>;

/// The lock of the runs that `outcome` has. `base_files` and `data_files` are what was found of the inputs, with
/// their sha256.
Json make_lock(const TrainingRequest& request, const Json& base_files, const Json& data_files,
               const TrainingOutcome& outcome, const NamedTexts& scores);

/// What a lock says was done: manifest, device, threads, folds, and the runs of which it has the weights. Throws
/// InputError if the file is none.
TrainingRequest request_of_lock(const std::filesystem::path& lock);

/// Lines that tell for each run of `outcome` whether its weights are those that `lock` has, and if not, in what the
/// machine differs; `same` is set to whether all are.
std::vector<std::string> compare_with_lock(const std::filesystem::path& lock, const TrainingOutcome& outcome,
                                           bool& same);

} // namespace sciexam

// What stands for a run: two runs of one identity do the same.
#pragma once

#include "train/inputs/inputs.hpp"
#include "train/job/request.hpp"

#include <string>

namespace sciexam::inline train {

/// What all runs of a training have in common, as their checkpoints carry it. `teacher`: see teach(); null: there is
/// none.
Json training_record(const TrainingRequest& request, const Json& base_files, const Json& data_files,
                     const Json& teacher);

/// Stands for all inputs and settings of a run. The program's version is not in it: a state may outlive an update, and
/// so is nothing of a setting that earlier versions did not have and that is not used. Nor is how contexts were
/// retrieved, as the file's hash stands for them, nor which of several GPUs it uses: runs trained on them side by side
/// are collected by a process that resumes them all. The instruction set is in it where one is asked for; otherwise a
/// run may continue on another kind of CPU.
std::string run_identity(Json record, const std::string& device, const TrainingManifest& manifest, const RunPlan& plan,
                         const RunQuestions& questions);

} // namespace sciexam::inline train

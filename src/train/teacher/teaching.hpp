// The teacher's answers of a training: from their file, or asked for now.
#pragma once

#include "support/text/json.hpp"
#include "train/inputs/inputs.hpp"
#include "train/job/request.hpp"

#include <span>
#include <string_view>

namespace sciexam::inline train {

/// In the training's folder, beside its runs.
inline constexpr std::string_view kTeacherFile = "teacher.safetensors";

/// True if one of the runs learns from the teacher.
bool any_learns(std::span<const RunPlan> plans);

/// Throws UsageError for a run that learns from a teacher where there is none, or from answers where some are missing;
/// logs that it does not learn from the teacher that there is.
void require_lessons(const RunPlan& plan, const TrainingSet& questions, bool has_teacher);

/// Gives each training question what the manifest's teacher says (TrainingSet::teacher), which has no effect on files
/// of a training without one. Answers are computed once: they are kept in request.out, and taken from there, or from an
/// earlier session's output, where teacher, questions and contexts are the same. Returns what the lock says of it:
/// the teacher's hashes, and "answers_sha256", that of the file. Throws UsageError if the file there belongs to another
/// teacher or other questions, and as find_teacher() and ask_teacher().
Json teach(const TrainingRequest& request, DataInputs& data);

} // namespace sciexam::inline train

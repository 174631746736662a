// Where a manifest's teacher lies, and what it answers.
#pragma once

#include "support/text/json.hpp"
#include "train/inputs/inputs.hpp"
#include "train/manifest/manifest.hpp"
#include "train/teacher/teacher_file.hpp"

#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace sciexam::inline train {

/// A manifest's teacher, as it was found.
struct TeacherSource {
  std::filesystem::path package;                       ///< folder; empty: there is none
  std::vector<std::filesystem::path> checkpoints;      ///< folders
  std::map<std::string, std::filesystem::path> tables; ///< by the training file's name
  Json record = Json::object();                        ///< what it is, with the hashes of what was found
};

/// Looks for a package or checkpoints in `folder` (--teacher), for tables in `data` (--data, or wherever they are
/// found). Throws UsageError for what is missing, InputError for what has another hash than the manifest asks for, and
/// PackageError.
TeacherSource find_teacher(const TrainingManifest& manifest, const std::filesystem::path& folder,
                           const std::filesystem::path& data);

/// How a teacher answers.
struct TeacherMachine {
  int threads = 1;
  std::string device = "cpu";      ///< as in TrainingRequest: GPUs help if it names them
  std::filesystem::path scratch;   ///< a folder that may be made for checkpoints that are packed, and is removed
  std::function<bool()> stop = {}; ///< true: the time is up
};

/// Answers all training questions of `data`, with each context that they are trained with. Throws UsageError for a
/// package that reads contexts where questions have none, WorkError if a model cannot answer everything, and as
/// read_probability_table().
std::vector<FileAnswers> ask_teacher(const TeacherSource& source, const TrainingManifest& manifest,
                                     const DataInputs& data, const TeacherMachine& machine);

} // namespace sciexam::inline train

#include "train/teacher/teacher_source.hpp"

#include "checkpoint/weight_files.hpp"
#include "ensemble/package_run.hpp"
#include "package/pack.hpp"
#include "support/errors.hpp"
#include "support/files/sha256.hpp"
#include "support/messages/progress.hpp"
#include "support/text/counted.hpp"
#include "train/inputs/input_finder.hpp"
#include "train/teacher/probability_table.hpp"

#include <algorithm>
#include <numeric>
#include <optional>
#include <span>
#include <system_error>

namespace sciexam::inline train {
namespace {

namespace fs = std::filesystem;

/// What the teacher reads: a question, with one of the contexts that it is trained with or with several.
struct Readings {
  std::vector<Question> questions;
  std::vector<std::size_t> owners; ///< the training question of each
};

std::size_t contexts_of(const TrainingSet& set, std::size_t question) {
  return question < set.further.size() ? 1 + set.further[question].size() : 1;
}

Readings readings_of(const TrainingSet& set, bool each_context) {
  Readings readings;
  for (std::size_t i = 0; i < set.size(); ++i) {
    const Question& question = set.questions[i];
    const std::size_t count = each_context ? contexts_of(set, i) : 1;
    for (std::size_t context = 0; context < count; ++context) {
      readings.questions.push_back(question);
      readings.owners.push_back(i);
      if (each_context)
        readings.questions.back().further_contexts.clear();
      if (context > 0)
        readings.questions.back().context = question.further_contexts.at(context - 1);
    }
  }
  return readings;
}

/// The mean over the models, which all have answered.
OptionLogits mean_logits(const std::vector<ModelAnswers>& models, std::size_t reading) {
  OptionScores sums{};
  for (const ModelAnswers& model : models)
    for (std::size_t option = 0; option < kOptions; ++option)
      sums[option] += (*model.logits[reading])[option];
  OptionLogits mean{};
  std::ranges::transform(sums, mean.begin(),
                         [&](double sum) { return static_cast<float>(sum / static_cast<double>(models.size())); });
  return mean;
}

void require_all(const EnsembleAnswers& answers, std::size_t models) {
  const std::vector<std::string> missing = answers.degradations();
  if (!missing.empty())
    throw WorkError("the teacher could not answer everything: " + missing.front());
  const bool whole = answers.models.size() == models && std::ranges::all_of(answers.models, [](const auto& model) {
                       return std::ranges::all_of(model.logits, [](const auto& logits) { return logits.has_value(); });
                     });
  if (!whole)
    throw InternalError("a teacher's model left questions without an answer");
}

/// `contexts`: of each reading.
std::vector<OptionLogits> package_answers(const Package& package, const Readings& readings, std::size_t contexts,
                                          const TeacherMachine& machine) {
  std::optional<DeviceSet> devices;
  if (!machine.device.starts_with("cpu"))
    devices.emplace(parse_device_choice(machine.device), fs::path());
  EnsembleRequest request{.threads = machine.threads, .devices = devices ? &*devices : nullptr, .stop = machine.stop};
  request.reading = ReadingOptions{package.template_options(), contexts};
  const EnsembleAnswers answers = answer_with_ensemble(package, readings.questions, request);
  require_all(answers, package.manifest().models.size());
  std::vector<OptionLogits> all;
  for (std::size_t i = 0; i < readings.questions.size(); ++i)
    all.push_back(mean_logits(answers.models, i));
  return all;
}

/// Logits of readings -> of the contexts of each question.
std::vector<std::vector<OptionLogits>> by_question(const TrainingSet& set, const Readings& readings,
                                                   std::span<const OptionLogits> logits) {
  std::vector<std::vector<OptionLogits>> answers(set.size());
  for (std::size_t i = 0; i < logits.size(); ++i)
    answers[readings.owners[i]].push_back(logits[i]);
  for (std::size_t i = 0; i < set.size(); ++i)
    answers[i].resize(contexts_of(set, i), answers[i].front()); // one answer for all contexts
  return answers;
}

std::vector<std::vector<OptionLogits>> answers_of_package(const fs::path& folder, const TrainingManifest& manifest,
                                                          const TrainingSet& set, const TeacherMachine& machine) {
  const Package package = Package::open(folder);
  if (package.needs_context() &&
      std::ranges::all_of(set.questions, [](const Question& q) { return q.context.empty(); }))
    throw UsageError(folder.string() + ": this teacher reads a context beside each question, and the training "
                                       "questions have none. Add them (sciexam-run retrieve), or give a teacher that "
                                       "needs none");
  const bool each_context = package.needs_context() && manifest.teacher->contexts == 0;
  const Readings readings = readings_of(set, each_context);
  log_line("the teacher, " + counted(package.manifest().models.size(), "model") + ", answers " +
           counted(set.size(), "training question") +
           (each_context && readings.questions.size() > set.size()
                ? " with " + counted(readings.questions.size(), "context")
                : ""));
  const std::int64_t several = package.needs_context() ? std::max<std::int64_t>(manifest.teacher->contexts, 1) : 1;
  return by_question(set, readings, package_answers(package, readings, static_cast<std::size_t>(several), machine));
}

/// Checkpoints answer as the package that they would make, with weights as exact as theirs.
void pack_teacher(const TeacherSource& source, const TrainingManifest& manifest, const TeacherMachine& machine) {
  PackRequest request;
  request.title = "teacher";
  request.created_by = "sciexam";
  for (const fs::path& folder : source.checkpoints)
    request.models.push_back({.name = folder.filename().string(), .folder = folder});
  request.vocabulary = common_vocabulary({}, source.checkpoints);
  request.output = machine.scratch;
  request.dtype = DType::f32;
  request.template_options = {manifest.template_kind, manifest.max_length};
  request.threads = machine.threads;
  pack(request);
}

/// Removes a folder when it goes.
struct Scratch {
  const fs::path& folder;
  ~Scratch() {
    std::error_code ignored;
    fs::remove_all(folder, ignored);
  }
};

std::vector<std::vector<OptionLogits>> answers_of_tables(const TeacherSource& source, const DataInputs& data) {
  std::vector<std::vector<OptionLogits>> all;
  for (std::size_t first = 0; first < data.train.size();) {
    const std::string& name = data.train_file[first];
    std::size_t end = first;
    while (end < data.train.size() && data.train_file[end] == name)
      ++end;
    const auto questions = std::span(data.train.questions).subspan(first, end - first);
    const std::vector<OptionLogits> logits = read_probability_table(source.tables.at(name), questions, name);
    for (std::size_t i = first; i < end; ++i)
      all.emplace_back(contexts_of(data.train, i), logits[i - first]);
    first = end;
  }
  return all;
}

TeacherSource find_package(const Teacher& teacher, const fs::path& folder) {
  const Package package = Package::open(folder);
  const std::string& identity = package.manifest().identity;
  if (teacher.package_identity && *teacher.package_identity != identity)
    throw InputError({folder},
                     "is the package " + identity + ", but the manifest's teacher is " + *teacher.package_identity,
                     "Give that package with --teacher, or correct the manifest");
  TeacherSource source;
  source.package = folder;
  source.record["package"] = {{"title", package.manifest().title}, {"identity", identity}};
  return source;
}

TeacherSource find_checkpoints(const Teacher& teacher, const fs::path& folder) {
  TeacherSource source;
  for (const InputFile& checkpoint : teacher.checkpoints) {
    const fs::path place = folder / checkpoint.name;
    const fs::path weights = find_weight_files(place).chosen;
    const std::string sha256 = sha256_of_file(weights);
    if (checkpoint.sha256 && *checkpoint.sha256 != sha256)
      throw InputError({weights}, "has sha256 " + sha256 + ", but the manifest's teacher has " + *checkpoint.sha256,
                       "Give that checkpoint with --teacher, or correct the manifest");
    source.checkpoints.push_back(place);
    source.record["checkpoints"].push_back({{"name", checkpoint.name}, {"sha256", sha256}});
  }
  return source;
}

} // namespace

TeacherSource find_teacher(const TrainingManifest& manifest, const fs::path& folder, const fs::path& data) {
  const Teacher& teacher = *manifest.teacher;
  TeacherSource source;
  if (teacher.tables.empty() && folder.empty())
    throw UsageError(
        std::string("the manifest has a teacher, ") +
        (teacher.package ? "the package " + *teacher.package : counted(teacher.checkpoints.size(), "checkpoint")) +
        ". Give its folder with --teacher");
  if (teacher.package)
    source = find_package(teacher, folder);
  else if (!teacher.checkpoints.empty())
    source = find_checkpoints(teacher, folder);
  InputFinder finder(data, "--data");
  for (const auto& [name, table] : teacher.tables) {
    const FoundInput found = finder.find(table);
    source.tables.emplace(name, found.path);
    source.record["tables"].push_back({{"data", name}, {"name", table.name}, {"sha256", found.sha256}});
  }
  if (teacher.contexts > 0)
    source.record["contexts"] = teacher.contexts;
  return source;
}

std::vector<FileAnswers> ask_teacher(const TeacherSource& source, const TrainingManifest& manifest,
                                     const DataInputs& data, const TeacherMachine& machine) {
  std::vector<std::vector<OptionLogits>> answers;
  if (!source.tables.empty()) {
    answers = answers_of_tables(source, data);
  } else if (!source.package.empty()) {
    answers = answers_of_package(source.package, manifest, data.train, machine);
  } else {
    const Scratch scratch{machine.scratch};
    fs::remove_all(machine.scratch); // of a process that was killed
    pack_teacher(source, manifest, machine);
    answers = answers_of_package(machine.scratch, manifest, data.train, machine);
  }
  std::vector<FileAnswers> files;
  for (std::size_t i = 0; i < answers.size(); ++i) {
    if (files.empty() || files.back().first != data.train_file[i])
      files.emplace_back(data.train_file[i], std::vector<std::vector<OptionLogits>>());
    files.back().second.push_back(std::move(answers[i]));
  }
  return files;
}

} // namespace sciexam::inline train

#include "train/teacher/teaching.hpp"

#include "support/errors.hpp"
#include "support/files/sha256.hpp"
#include "support/messages/progress.hpp"
#include "train/state/run_claim.hpp"
#include "train/teacher/teacher_source.hpp"

#include <algorithm>
#include <chrono>
#include <optional>
#include <system_error>
#include <thread>

namespace sciexam::inline train {
namespace {

namespace fs = std::filesystem;

/// What the answers depend on: the files say which questions, and how contexts were retrieved is in their hashes.
std::string identity_of(const TrainingRequest& request, const DataInputs& data, const Json& teacher) {
  Json files = Json::array();
  for (const Json& file : data.files)
    files.push_back({{"name", file.at("name")}, {"sha256", file.at("sha256")}});
  Sha256 questions; // those that are trained, and with how many contexts
  for (std::size_t i = 0; i < data.train.size(); ++i) {
    const std::size_t further = i < data.train.further.size() ? data.train.further[i].size() : 0;
    const std::string line = data.train.places[i] + ", " + std::to_string(further) + "\n";
    questions.update(std::as_bytes(std::span(line)));
  }
  const Json json = {{"teacher", teacher},
                     {"data", std::move(files)},
                     {"template", name_of(request.manifest.template_kind)},
                     {"max_length", request.manifest.max_length},
                     {"questions", questions.hex()}};
  const std::string text = json.dump();
  return sha256_hex(std::as_bytes(std::span(text)));
}

/// The answers in `folder`, if they are these.
std::optional<TeacherAnswers> answers_in(const fs::path& folder, const std::string& identity) {
  const fs::path file = folder / kTeacherFile;
  if (!fs::exists(file))
    return std::nullopt;
  TeacherAnswers answers = read_teacher_answers(file);
  return answers.identity == identity ? std::optional(std::move(answers)) : std::nullopt;
}

/// Those of an earlier session are copied, so that the states of its runs go on.
std::optional<TeacherAnswers> known_answers(const TrainingRequest& request, const std::string& identity) {
  const fs::path own = request.out / kTeacherFile;
  if (std::optional<TeacherAnswers> known = answers_in(request.out, identity)) {
    log_line("the teacher's answers are in " + own.string());
    return known;
  }
  if (fs::exists(own))
    throw UsageError(own.string() + ": has the answers of another teacher, to other questions or with other contexts. "
                                    "Give those of that training, or another folder with --out");
  for (const fs::path& earlier : request.earlier)
    if (std::optional<TeacherAnswers> known = answers_in(earlier, identity)) {
      log_line("the teacher's answers are taken over from " + earlier.string());
      return known;
    }
  return std::nullopt;
}

void give_to(TrainingSet& set, TeacherAnswers&& answers) {
  set.teacher.clear();
  for (auto& [name, questions] : answers.files)
    for (auto& question : questions)
      set.teacher.push_back(std::move(question));
  bool fits = set.teacher.size() == set.size();
  for (std::size_t i = 0; fits && i < set.size(); ++i)
    fits = set.teacher[i].size() == (i < set.further.size() ? 1 + set.further[i].size() : 1);
  if (!fits)
    throw InternalError("a teacher's answers do not fit the questions that their identity names");
}

/// Of the processes that train into one folder one asks the teacher; the others wait for its file.
TeacherAnswers answers_of_all(const TrainingRequest& request, const TeacherSource& source, const std::string& identity,
                              const DataInputs& data) {
  constexpr auto kInterval = std::chrono::seconds(1);
  const auto time_is_up = [&] { return request.seconds_left && request.seconds_left() <= 0; };
  RunClaims claims(request.out / "claims");
  for (bool told = false;; told = true) {
    const std::unique_ptr<RunClaim> claim = request.collect ? nullptr : claims.take("teacher");
    std::optional<TeacherAnswers> answers = known_answers(request, identity);
    if (!answers && claim)
      answers = TeacherAnswers{identity,
                               ask_teacher(source, request.manifest, data,
                                           {request.threads, request.device, request.out / ".teacher", time_is_up})};
    if (answers) {
      if (!fs::exists(request.out / kTeacherFile))
        write_teacher_answers(request.out / kTeacherFile, *answers);
      return std::move(*answers);
    }
    if (!told)
      log_line("the teacher's answers are waited for, which another process computes");
    if (time_is_up())
      throw WorkError("the time is up, and the teacher's answers are not there yet");
    std::this_thread::sleep_for(kInterval);
  }
}

} // namespace

bool any_learns(std::span<const RunPlan> plans) {
  return std::ranges::any_of(plans, [](const RunPlan& plan) { return plan.settings.learns_from_teacher(); });
}

void require_lessons(const RunPlan& plan, const TrainingSet& questions, bool has_teacher) {
  const bool learns = plan.settings.learns_from_teacher();
  if (learns && !has_teacher)
    throw UsageError(plan.name + ": distillation_alpha or distillation_logit_weight is set, but the manifest names no "
                                 "teacher. Add one ($.teacher), or set them to 0");
  if (has_teacher && !learns)
    log_line(plan.name + ": does not learn from the teacher: distillation_alpha and distillation_logit_weight are 0");
  const auto unanswered =
      std::ranges::find_if(questions.questions, [](const Question& question) { return !question.answer; });
  if (!learns && unanswered != questions.questions.end())
    throw UsageError(plan.name + ": " +
                     questions.places[static_cast<std::size_t>(unanswered - questions.questions.begin())] +
                     " has no answer, and this run does not learn from the teacher. Set distillation_alpha, or leave "
                     "that file out");
}

Json teach(const TrainingRequest& request, DataInputs& data) {
  const TeacherSource source = find_teacher(request.manifest, request.teacher, request.data);
  const std::string identity = identity_of(request, data, source.record);
  std::error_code ignored; // writing says what is wrong
  fs::create_directories(request.out, ignored);
  const fs::path file = request.out / kTeacherFile;
  give_to(data.train, answers_of_all(request, source, identity, data));
  for (Question& question : data.train.questions) // texts that nobody reads any longer
    question.further_contexts = {};
  Json record = source.record;
  record["answers_sha256"] = sha256_of_file(file);
  return record;
}

} // namespace sciexam::inline train

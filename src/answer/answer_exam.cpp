#include "answer/answer_exam.hpp"

#include "answer/answer_page.hpp"
#include "answer/exam_retrieval.hpp"
#include "answer/locate.hpp"
#include "answer/package_use.hpp"
#include "answer/run_report.hpp"
#include "answer/submission_writer.hpp"
#include "model/runtime.hpp"
#include "support/clock.hpp"
#include "support/errors.hpp"
#include "support/machine/cpu.hpp"
#include "support/machine/interrupt.hpp"
#include "support/machine/memory.hpp"
#include "support/messages/event_log.hpp"
#include "support/messages/progress.hpp"
#include "support/text/counted.hpp"
#include "support/text/numbers.hpp"

#include <algorithm>
#include <exception>
#include <optional>

namespace sciexam::inline answer {
namespace {

namespace fs = std::filesystem;

/// The stages, in order, and what each leaves for the next.
class ExamRun {
public:
  explicit ExamRun(const AnswerRequest& request)
      : request_(request), retrieval_(request.index, request.retrieval,
                                      std::min(kMostLookingSeconds, kRetrievalShare * request.time_limit)) {}

  AnswerOutcome operator()();

private:
  void open_package();
  void read();
  void prepare();
  void require_index();
  [[noreturn]] void answer_without_models();
  void retrieve();
  void encode();
  void plan();
  void answer();
  void combine_and_write(const EnsembleAnswers& so_far);
  void write_reports();

  void state(const std::string& name, const std::string& value);
  void state_machine();
  void state_time();
  void open_index();

  const AnswerRequest& request_;
  BootClock clock_;
  std::vector<std::string> without_index_; ///< what the package lacks for want of one, a sentence each
  double begin_ = clock_.seconds(), prepared_ = 0, deadline_ = 0;
  double retrieval_end_ = 0; ///< on the clock: questions that are not reached by then are answered without a context
  RunFacts facts_;
  std::optional<Package> package_;
  std::exception_ptr package_fault_; ///< why there is no package_
  std::optional<DeviceSet> devices_;
  ExamRetrieval retrieval_;
  std::optional<SubmissionWriter> submission_;
  ReadingOptions reading_;
  std::optional<PackageExam> encoded_;
  std::int64_t token_budget_ = 0;
  AnswerOutcome outcome_;
};

/// A fact that shows the reader what is used: logged now, and repeated in the report.
void ExamRun::state(const std::string& name, const std::string& value) {
  facts_.emplace_back(name, value);
  log_line(name + ": " + value);
}

/// A damaged package does not end the run yet: the exam can be answered without one.
void ExamRun::open_package() {
  try {
    const Located found = find_package(request_.package);
    Package package = Package::open(found.path);
    require_weights(request_.weights, package);
    require_precision(request_.precision, package);
    require_reading(request_.reading, package);
    state("package", describe(package));
    state("package's folder", found.path.string() + " (" + found.reason + ")");
    package_.emplace(std::move(package));
  } catch (const PackageError&) {
    package_fault_ = std::current_exception();
  }
}

/// Ends with a valid submission on disk.
void ExamRun::read() {
  const Located test = find_test(request_.test);
  outcome_.submission = find_output(request_.output);
  // The devices open while the exam is read.
  devices_.emplace(request_.devices, fs::absolute(outcome_.submission).parent_path());
  outcome_.exam = read_exam(test.path, {.lenient = request_.lenient, .answers_required = false});
  const Exam& exam = outcome_.exam;
  state("exam", counted(exam.questions.size(), "question") + " in " + test.path.string() + " (" + test.reason + ")");
  for (const std::string& note : notes_on(exam))
    state("note", note);
  for (const BadRow& row : exam.bad_rows)
    warn_line("bad row: " + row.problem);
  submission_.emplace(outcome_.submission, exam);
}

void ExamRun::state_machine() {
  state("device", "CPU, " + cpu_model() + " (" + cpu_features() + "), " + counted(request_.threads, "thread") + "; " +
                      chosen_kernels());
  devices_->open();
  for (const DeviceSet::Finding& finding : devices_->findings())
    state("GPU", finding.text);
  if (devices_->disappoints())
    warn_line("a GPU that --device asks for is not used: see above. The others and the CPU do the work");
  const std::uint64_t memory = available_memory();
  state("memory", memory == 0 ? "unknown" : format_memory(memory) + " available");
}

/// Sets the deadline.
void ExamRun::state_time() {
  const double limit = request_.time_limit;
  const TimeLeft left = time_left_of(limit, on_kaggle());
  state("time", format_duration(left.seconds) + " left of " + format_duration(limit) + ", counted from the start of " +
                    (left.of_session ? "the notebook's session" : "the program"));
  deadline_ = clock_.seconds() + left.seconds;
  retrieval_end_ = clock_.seconds() + kRetrievalShare * left.seconds;
}

/// The time is known: an index on a mount that has stalled is given up, too.
void ExamRun::open_index() {
  state("passage index", retrieval_.open([this] { return interrupted() || clock_.seconds() >= retrieval_end_; }));
}

/// The package is damaged: an index still says more than the options' lengths.
void ExamRun::answer_without_models() {
  state_time();
  open_index();
  retrieve();
  std::rethrow_exception(package_fault_);
}

/// Says what the package and this machine offer, and how long they may take.
void ExamRun::prepare() {
  state_machine();
  state("precision", name_of(request_.precision.precision, *package_, *devices_));
  state_time();
  open_index();
  reading_ = reading_options(request_.reading, *package_, *devices_);
  if (package_->needs_context())
    state("contexts", describe(reading_, outcome_.exam));
  outcome_.retrieval_weight = request_.retrieval_weight.value_or(package_->manifest().retrieval_weight);
  require_index();
  prepared_ = clock_.seconds();
}

/// Without a usable index some packages are less than they could be: never silently.
void ExamRun::require_index() {
  if (retrieval_.usable())
    return;
  if (package_->needs_context() && !outcome_.exam.has_context)
    without_index_.emplace_back(
        "the models were trained with contexts and answer without: there is no usable passage index, and "
        "the exam has no column context");
  if (outcome_.retrieval_weight > 0)
    without_index_.emplace_back("the models answer without the ranking of a passage index, which was to have weight " +
                                format_fixed(outcome_.retrieval_weight, 2) + ": there is no usable one");
  for (const std::string& sentence : without_index_)
    warn_line(sentence);
}

void ExamRun::retrieve() {
  if (!retrieval_.usable())
    return;
  std::vector<Question>& questions = outcome_.exam.questions;
  const std::size_t contexts = reading_.streams;
  retrieval_.search(questions, contexts, request_.threads,
                    [&] { return interrupted() || clock_.seconds() >= retrieval_end_; });
  if (retrieval_.rankings().empty())
    return;
  outcome_.index_probabilities = retrieval_.probabilities();
  submission_->improve(retrieval_.rankings());
  if (package_ && package_->needs_context())
    log_line("context: " + counted(retrieval_.add_contexts(questions, contexts), "question") + " have " +
             (contexts > 1 ? "up to " + std::to_string(contexts) : "one") + " from the index");
}

void ExamRun::encode() {
  encoded_.emplace(encode_for(*package_, outcome_.exam.questions, reading_, request_.threads,
                              [this] { return interrupted() || clock_.seconds() >= deadline_; }));
}

void ExamRun::plan() {
  token_budget_ = plan_token_budget(*package_, request_.precision.precision, encoded_->lengths());
}

/// Each better set of answers is combined and written.
void ExamRun::answer() {
  outcome_.answers = answer_encoded(*package_, *encoded_, token_budget_,
                                    {.threads = request_.threads,
                                     .precision = request_.precision.precision,
                                     .combine_contexts = request_.combine_contexts,
                                     .weights = request_.weights,
                                     .time_limit = deadline_ - clock_.seconds(),
                                     .cascade = request_.cascade,
                                     .devices = &*devices_,
                                     .improved = [this](const EnsembleAnswers& so_far) { combine_and_write(so_far); },
                                     .stop = interrupted});
}

void ExamRun::combine_and_write(const EnsembleAnswers& so_far) {
  if (!so_far.models.empty())
    submission_->improve(combine_answers(so_far.models, outcome_.exam.questions, combination_of(request_, outcome_),
                                         retrieval_.rankings()));
}

/// Reports matter less than the submission: one that cannot be written is named, and the run goes on.
void ExamRun::write_reports() {
  const Exam& exam = outcome_.exam;
  outcome_.degradations = degradations_of(exam, outcome_.answers, submission_->problem());
  for (const std::vector<std::string>& sentences : {without_index_, retrieval_.degradations()})
    outcome_.degradations.insert(outcome_.degradations.end(), sentences.begin(), sentences.end());
  outcome_.passages = retrieval_.found();
  try {
    if (!request_.probabilities.empty() && !outcome_.answers.models.empty())
      write_probabilities(request_.probabilities, exam.questions, outcome_.answers.models,
                          combination_of(request_, outcome_));
    if (!request_.report.empty())
      write_answer_page(request_.report, exam, outcome_.answers, retrieval_.found(), combination_of(request_, outcome_),
                        facts_, outcome_.degradations,
                        {.preparing = prepared_ - begin_, .total = clock_.seconds() - begin_});
  } catch (const WorkError& error) {
    outcome_.degradations.push_back(std::string("a report is missing: ") + error.what());
  }
}

AnswerOutcome ExamRun::operator()() {
  state("program", request_.program);
  open_package();
  read();
  try { // from here on there is a valid submission, whatever happens
    if (package_fault_)
      answer_without_models();
    prepare();
    retrieve();
    encode();
    plan();
    answer();
    write_reports();
  } catch (...) {
    warn_line("THE RUN FAILED. " + outcome_.submission.string() +
              " is a complete submission all the same, at worst by the options' lengths");
    throw;
  }
  return std::move(outcome_);
}

} // namespace

Combination combination_of(const AnswerRequest& request, const AnswerOutcome& outcome) {
  Combination combination = request.combine;
  combination.retrieval_weight = outcome.retrieval_weight;
  combination.retrieval = outcome.index_probabilities;
  return combination;
}

AnswerOutcome answer_exam(const AnswerRequest& request) {
  return ExamRun(request)();
}

} // namespace sciexam::inline answer

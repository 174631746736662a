#include "train/job/training.hpp"

#include "checkpoint/checkpoint.hpp"
#include "model/mixed_precision.hpp"
#include "model/runtime.hpp"
#include "model/weights.hpp"
#include "support/errors.hpp"
#include "support/files/files.hpp"
#include "support/files/sha256.hpp"
#include "support/machine/cpu.hpp"
#include "support/machine/memory.hpp"
#include "support/messages/progress.hpp"
#include "support/text/counted.hpp"
#include "train/engine/initial_weights.hpp"
#include "train/inputs/inputs.hpp"
#include "train/job/lock.hpp"
#include "train/optimizer/trained_parameters.hpp"
#include "train/run/memory_estimate.hpp"
#include "train/run/predictions.hpp"
#include "train/run/run_log.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>

namespace sciexam {
namespace {

namespace fs = std::filesystem;

std::vector<RunPlan> chosen_runs(const TrainingRequest& request) {
  std::vector<RunPlan> chosen;
  for (const RunPlan& run : request.manifest.runs)
    if (request.runs.empty() || std::find(request.runs.begin(), request.runs.end(), run.name) != request.runs.end())
      chosen.push_back(run);
  for (const std::string& name : request.runs)
    if (std::none_of(chosen.begin(), chosen.end(), [&](const RunPlan& run) { return run.name == name; }))
      throw UsageError("the manifest has no run " + name + ". Give --run one of its runs' names, or all");
  if (request.folds < 2)
    return chosen;
  std::vector<RunPlan> folded;
  for (const RunPlan& run : chosen)
    for (std::int64_t i = 0; i < request.folds; ++i) {
      folded.push_back(run);
      folded.back().name += "_fold_" + std::to_string(i);
      folded.back().fold = Fold{i, request.folds};
    }
  return folded;
}

/// The number of folds, of which a column `fold` must name one; where runs differ, the least. 0: no run has folds.
int least_folds(const std::vector<RunPlan>& plans) {
  std::int64_t least = 0;
  for (const RunPlan& plan : plans)
    if (plan.fold)
      least = least == 0 ? plan.fold->count : std::min(least, plan.fold->count);
  return static_cast<int>(least);
}

/// The configuration that a run trains with.
DebertaConfig configured(DebertaConfig config, const TrainingSettings& settings) {
  if (settings.hidden_dropout_prob >= 0)
    config.hidden_dropout_prob = settings.hidden_dropout_prob;
  if (settings.attention_probs_dropout_prob >= 0)
    config.attention_probs_dropout_prob = settings.attention_probs_dropout_prob;
  if (settings.classifier_dropout >= 0)
    config.cls_dropout = settings.classifier_dropout;
  if (settings.freeze_layers > config.num_hidden_layers)
    throw UsageError("freeze_layers is " + std::to_string(settings.freeze_layers) + ", but the model has " +
                     counted(config.num_hidden_layers, "layer") + ". Give at most so many");
  return config;
}

bool is_cpu(const std::string& device) {
  return device.starts_with("cpu");
}

/// Throws UsageError with what to change if a run needs more memory than there is; how much another device than the
/// CPU has is not known.
void require_memory(const DebertaConfig& config, const RunPlan& run, const PassSize& pass,
                    const TrainingRequest& request) {
  const MemoryEstimate estimate = estimate_memory(config, run.settings, pass);
  const std::uint64_t available = is_cpu(request.device) ? available_memory() : 0;
  log_line(run.name + ": will need about " + format_memory(estimate.total()) + " of memory (weights " +
           format_memory(estimate.weights) + ", gradients " + format_memory(estimate.gradients) + ", optimiser " +
           format_memory(estimate.optimizer) + ", activations " + format_memory(estimate.activations) +
           "); available: " + (available == 0 ? "unknown" : format_memory(available)));
  if (available == 0 || estimate.total() <= available || request.ignore_memory_estimate)
    return;
  std::string ways;
  for (const std::string& way : ways_to_less_memory(config, run.settings, pass))
    ways += (ways.empty() ? "" : "; ") + way;
  throw UsageError(run.name + ": needs about " + format_memory(estimate.total()) + " of memory, but only " +
                   format_memory(available) + " are available. What would need less: " +
                   (ways.empty() ? "a smaller model" : ways) + ". Or try all the same: --ignore-memory-estimate");
}

/// Every setting, where runs differ with each one's value.
NamedTexts named_settings(const std::vector<RunPlan>& plans) {
  const auto text = [](const Json& value) { return value.is_string() ? value.get<std::string>() : value.dump(); };
  std::vector<Json> of_runs;
  of_runs.reserve(plans.size());
  for (const RunPlan& plan : plans)
    of_runs.push_back(to_json(plan.settings));
  NamedTexts settings;
  for (const auto& [name, first] : of_runs.front().items()) {
    bool alike = true;
    std::string each;
    for (std::size_t i = 0; i < plans.size(); ++i) {
      const Json& value = of_runs[i].at(name);
      alike = alike && value == first;
      each += (i == 0 ? "" : ", ") + plans[i].name + ": " + text(value);
    }
    settings.emplace_back(name, alike ? text(first) : each);
  }
  return settings;
}

class Training {
public:
  explicit Training(const TrainingRequest& request)
      : request_(request), plans_(chosen_runs(request)), base_(read_base(request.manifest, request.base)),
        tokenizer_(Tokenizer::from_bytes(base_.vocabulary.bytes, base_.vocabulary.source)),
        data_(read_data(request.manifest, request.data, tokenizer_, request.threads, least_folds(plans_))) {}

  TrainingOutcome run();

private:
  void prepare();
  void train(const RunPlan& plan);
  Json record() const;
  std::string identity(const RunPlan& plan, const RunQuestions& questions) const;
  RunRequest request_for(const RunPlan& plan, const RunQuestions& questions) const;
  void predict(DebertaForMultipleChoice& network, const RunPlan& plan, const RunQuestions& questions,
               const RunResult& result);
  void write_out_of_fold();
  void write_outputs();
  TrainingReport report(const NamedTexts& ensemble) const;
  NamedTexts ensemble_scores() const;

  const TrainingRequest& request_;
  std::vector<RunPlan> plans_;
  BaseInputs base_;
  Tokenizer tokenizer_;
  DataInputs data_;
  std::vector<Predictions> predictions_;
  TrainingOutcome outcome_;
};

/// Everything that can be refused is looked at before the first run starts.
void Training::prepare() {
  for (const std::string& note : base_.vocabulary.notes)
    log_line(note);
  if (tokenizer_.vocabulary_size() > base_.config.vocab_size)
    throw InputError({base_.vocabulary.source},
                     "has " + counted(tokenizer_.vocabulary_size(), "token") + ", but config.json only " +
                         std::to_string(base_.config.vocab_size),
                     "Give the vocabulary that belongs to the model");
  if (const std::string warning = handle_near_duplicates(request_.manifest, data_); !warning.empty()) {
    log_line(warning);
    outcome_.warnings.push_back(warning);
  }
  if (std::any_of(plans_.begin(), plans_.end(), [](const RunPlan& plan) { return plan.fold.has_value(); }))
    group_near_duplicates(data_);
  for (const RunPlan& plan : plans_) {
    if (plan.settings.bf16 && is_cpu(request_.device) && !cpu_has_bf16())
      throw UsageError(plan.name + ": bf16 needs a CPU with AVX-512-BF16 or AMX. This one (" + cpu_model() + ": " +
                       cpu_features() + ") would be slower with it than in f32. Set bf16 to false");
    const RunQuestions questions = questions_of(plan, data_);
    if (questions.train.empty() || (plan.fold && questions.valid.empty()))
      throw UsageError(plan.name + ": has no " +
                       (questions.train.empty() ? "training questions" : "questions to validate with") +
                       ". Look at its data and folds");
    if (!questions.folds.empty())
      log_line(plan.name + ": folds are " + questions.folds);
    if (plan.settings.early_stopping_patience > 0 && questions.valid.empty())
      throw UsageError(plan.name +
                       ": early_stopping_patience is set, but there are no questions to validate with. Give "
                       "the manifest a file of the role valid or a fold, or set it to 0");
    require_memory(configured(base_.config, plan.settings), plan,
                   largest_pass(questions.train, plan.settings, request_.threads), request_);
  }
}

Json Training::record() const {
  return {{"program", request_.program},
          {"base", {{"name", request_.manifest.base_name}, {"files", base_.files}}},
          {"data", data_.files},
          {"template", name_of(request_.manifest.template_kind)},
          {"max_length", request_.manifest.max_length},
          {"threads", request_.threads}};
}

/// Two runs of one identity do the same. The program's version is not in it: a state may outlive an update. Nor is
/// which of several GPUs it is: their runs, trained side by side, are collected by one that resumes them all.
std::string Training::identity(const RunPlan& plan, const RunQuestions& questions) const {
  Json json = record();
  json.erase("program");
  json["settings"] = to_json(plan.settings);
  json["device"] = request_.device.substr(0, request_.device.find(':'));
  json["random_weights"] = request_.manifest.random_weights;
  json["train"] = questions.train.places;
  json["valid"] = questions.valid.places;
  const std::string text = json.dump();
  return sha256_hex(std::as_bytes(std::span(text)));
}

RunRequest Training::request_for(const RunPlan& plan, const RunQuestions& questions) const {
  RunRequest run;
  run.name = plan.name;
  run.settings = plan.settings;
  run.train = &questions.train;
  run.valid = &questions.valid;
  run.folder = request_.out / plan.name;
  run.config_text = base_.config_text;
  run.vocabulary = base_.vocabulary;
  run.record = record();
  run.identity = identity(plan, questions);
  run.resume = request_.resume;
  return run;
}

void Training::train(const RunPlan& plan) {
  const RunQuestions questions = questions_of(plan, data_);
  const RunRequest run = request_for(plan, questions);
  DebertaForMultipleChoice network(configured(base_.config, plan.settings));
  std::optional<RunResult> result = request_.resume ? finished_run(run.folder, run.identity) : std::nullopt;
  if (result) {
    log_line(plan.name + ": has ended before; its result is taken");
  } else {
    initialise_weights(network, static_cast<std::uint64_t>(plan.settings.seed));
    if (!request_.manifest.random_weights)
      load_base_weights(network, request_.base, request_.threads);
    network.move_to(request_.device);
    log_line(plan.name + ": " + counted(questions.train.size(), "training question") + " (" +
             counted(questions.train.total_tokens(), "token") + "), " + std::to_string(questions.valid.size()) +
             " to validate, " + counted(total_steps(plan.settings, questions.train.size()), "step"));
    result = train_run(network, run);
  }
  outcome_.runs.push_back(*result);
  outcome_.checkpoints.push_back(run.folder / result->result);
  predict(network, plan, questions, *result);
}

void Training::predict(DebertaForMultipleChoice& network, const RunPlan& plan, const RunQuestions& questions,
                       const RunResult& result) {
  if (questions.valid.empty())
    return;
  const fs::path folder = request_.out / plan.name;
  network.move_to("cpu"); // where weights are loaded
  load_weights(network, *open_checkpoint(folder / result.result), Purpose::answering, request_.threads);
  network.move_to(request_.device);
  predictions_.push_back(
      {plan.name, questions.valid, logits_of(network, questions.valid, plan.name + " " + result.result)});
  write_predictions(folder / "predictions.csv", {&predictions_.back(), 1});
}

void Training::write_out_of_fold() {
  if (request_.folds < 2)
    return;
  const auto folds = static_cast<std::size_t>(request_.folds);
  for (std::size_t first = 0; first + folds <= predictions_.size(); first += folds) {
    const std::span<const Predictions> parts(&predictions_[first], folds);
    const std::string name = parts[0].run.substr(0, parts[0].run.rfind("_fold_"));
    write_predictions(request_.out / (name + "_out_of_fold.csv"), parts);
  }
}

/// MAP@3 of the means over all runs, where they were validated with the same questions, or of all
/// questions out of fold.
NamedTexts Training::ensemble_scores() const {
  const auto text = [](double value) {
    char digits[16];
    std::snprintf(digits, sizeof digits, "%.4f", value);
    return std::string(digits);
  };
  NamedTexts scores;
  const auto add = [&](const std::string& name, const Scores& all) {
    scores.emplace_back(name + ", MAP@3", text(all.map_at_3));
    scores.emplace_back(name + ", accuracy", text(all.accuracy));
  };
  if (request_.folds > 1) {
    const auto folds = static_cast<std::size_t>(request_.folds);
    for (std::size_t first = 0; first + folds <= predictions_.size(); first += folds) {
      Predictions all;
      for (std::size_t i = first; i < first + folds; ++i)
        for (std::size_t q = 0; q < predictions_[i].questions.size(); ++q) {
          all.questions.add(predictions_[i].questions, q);
          all.logits.push_back(predictions_[i].logits[q]);
        }
      add(predictions_[first].run.substr(0, predictions_[first].run.rfind("_fold_")) + " out of fold",
          score(all.questions, all.logits));
    }
    return scores;
  }
  const bool alike = std::all_of(predictions_.begin(), predictions_.end(), [&](const Predictions& any) {
    return any.questions.places == predictions_.front().questions.places;
  });
  if (predictions_.size() < 2 || !alike)
    return scores;
  std::vector<OptionLogits> mean;
  for (std::size_t q = 0; q < predictions_.front().logits.size(); ++q) {
    std::vector<OptionLogits> models;
    for (const Predictions& run : predictions_)
      models.push_back(run.logits[q]);
    const OptionScores p = combine_scores(Combine::mean_softmax, models, {});
    OptionLogits logits; // whose softmax is that mean
    std::transform(p.begin(), p.end(), logits.begin(), [](double x) { return static_cast<float>(std::log(x)); });
    mean.push_back(logits);
  }
  add("ensemble of " + std::to_string(predictions_.size()) + ", mean softmax",
      score(predictions_.front().questions, mean));
  return scores;
}

TrainingReport Training::report(const NamedTexts& ensemble) const {
  TrainingReport report;
  report.title = request_.manifest.title;
  report.subtitle = "base " + request_.manifest.base_name + ", " + counted(data_.train.size(), "training question") +
                    ", " + request_.program + ", " + counted(request_.threads, "thread");
  for (const RunPlan& plan : plans_) {
    const fs::path log = request_.out / plan.name / "log.jsonl";
    if (!fs::exists(log))
      continue;
    RunReport run = read_run_log(log, plan.name);
    for (const RunResult& result : outcome_.runs)
      if (result.name == plan.name) {
        run.facts.emplace_back("result", result.result);
        run.facts.emplace_back("time", format_duration(result.seconds));
        run.facts.emplace_back("weights", result.weights_sha256.substr(0, 12));
      }
    report.runs.push_back(std::move(run));
  }
  if (!report.runs.empty() && !outcome_.warnings.empty())
    report.runs.front().warnings.insert(report.runs.front().warnings.begin(), outcome_.warnings.begin(),
                                        outcome_.warnings.end());
  report.settings = named_settings(plans_);
  report.ensemble = ensemble;
  return report;
}

void Training::write_outputs() {
  const NamedTexts ensemble = ensemble_scores();
  outcome_.lock = make_lock(request_, base_.files, data_.files, outcome_, ensemble);
  write_file_atomically(request_.out / "lock.json", outcome_.lock.dump(1) + "\n");
  write_file_atomically(request_.out / "report.html", training_report(report(ensemble)));
}

TrainingOutcome Training::run() {
  prepare();
  for (const RunPlan& plan : plans_) {
    train(plan);
    write_outputs();
  }
  write_out_of_fold();
  return std::move(outcome_);
}

} // namespace

TrainingOutcome train_all(const TrainingRequest& request) {
  return Training(request).run();
}

} // namespace sciexam

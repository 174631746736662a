#include "train/job/job_report.hpp"

#include "retrieval/contexts/retrieval_record.hpp"
#include "support/messages/progress.hpp"
#include "support/text/counted.hpp"
#include "train/state/run_log.hpp"

namespace sciexam::inline train {
namespace {

namespace fs = std::filesystem;

/// Every setting; where runs differ, with the value of each.
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

/// How the contexts of the data files were retrieved, where it is known.
void add_retrievals(const Json& data_files, NamedTexts& settings) {
  for (const Json& file : data_files)
    if (file.contains("retrieval")) {
      const std::string name = file.at("name").get<std::string>();
      settings.emplace_back("contexts of " + name,
                            described(parse_retrieval_record(file.at("retrieval").dump(), name)));
    }
}

} // namespace

TrainingReport job_report(const TrainingRequest& request, const std::vector<RunPlan>& plans, const DataInputs& data,
                          const TrainingOutcome& outcome, const NamedTexts& scores) {
  TrainingReport report;
  report.title = request.manifest.title;
  report.subtitle = "base " + request.manifest.base_name + ", " + counted(data.train.size(), "training question") +
                    ", " + request.program + ", " + counted(request.threads, "thread");
  for (const RunPlan& plan : plans) {
    const fs::path log = request.out / plan.name / "log.jsonl";
    if (!fs::exists(log))
      continue;
    RunReport run = read_run_log(log, plan.name);
    for (const RunResult& result : outcome.runs)
      if (result.name == plan.name) {
        run.facts.emplace_back("result", result.result);
        run.facts.emplace_back("time", format_duration(result.seconds));
        run.facts.emplace_back("weights", result.weights_sha256.substr(0, 12));
      }
    report.runs.push_back(std::move(run));
  }
  if (!report.runs.empty() && !outcome.warnings.empty())
    report.runs.front().warnings.insert(report.runs.front().warnings.begin(), outcome.warnings.begin(),
                                        outcome.warnings.end());
  report.settings = named_settings(plans);
  add_retrievals(data.files, report.settings);
  report.ensemble = scores;
  return report;
}

} // namespace sciexam::inline train

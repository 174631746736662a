#include "train/state/run_log.hpp"

#include "support/errors.hpp"
#include "support/files/files.hpp"
#include "support/messages/progress.hpp"

#include <cerrno>
#include <cstring>
#include <functional>
#include <sstream>

namespace sciexam::inline train {
namespace {

constexpr std::uint64_t kMostBytes = std::uint64_t{4} << 30;

/// Calls `use` with every complete line that is a record.
void for_each_record(const std::filesystem::path& file,
                     const std::function<void(const std::string&, const Json&)>& use) {
  if (!std::filesystem::exists(file))
    return;
  std::istringstream lines(read_text_file(file, kMostBytes));
  for (std::string line; std::getline(lines, line);) {
    const Json json = Json::parse(line, nullptr, false);
    if (json.is_object() && json.contains("event") && json.contains("step"))
      use(line, json);
  }
}

} // namespace

RunLog::RunLog(std::filesystem::path file, std::int64_t step) : file_(std::move(file)), out_(nullptr, &std::fclose) {
  std::string kept;
  for_each_record(file_, [&](const std::string& line, const Json& json) {
    if (json["step"].get<std::int64_t>() <= step)
      kept += line + "\n";
  });
  write_file_atomically(file_, kept);
  out_.reset(std::fopen(file_.c_str(), "ae"));
  if (!out_)
    throw WorkError(file_.string() + ": cannot be written: " + std::strerror(errno) + ". Check the folder");
}

void RunLog::write(const Json& line) {
  const std::string text = line.dump() + "\n";
  const bool good = std::fwrite(text.data(), 1, text.size(), out_.get()) == text.size() && std::fflush(out_.get()) == 0;
  if (!good && !failed_)
    warn_line(file_.string() + ": cannot be written: " + std::strerror(errno) +
              ". The training continues; free some space, or its report will have gaps");
  failed_ = !good;
  std::clearerr(out_.get());
}

void RunLog::step(const StepRecord& record) {
  write({{"event", "step"},
         {"step", record.step},
         {"epoch", record.epoch},
         {"loss", record.loss},
         {"learning_rate", record.learning_rate},
         {"gradient_norm", record.gradient_norm},
         {"tokens", record.tokens},
         {"seconds", record.seconds}});
}

void RunLog::validation(std::int64_t step, double epoch, const Scores& scores) {
  Json line = {{"event", "validation"}, {"step", step}, {"epoch", epoch}};
  line.update(to_json(scores));
  write(line);
}

void RunLog::warning(std::int64_t step, const std::string& text) {
  write({{"event", "warning"}, {"step", step}, {"text", text}});
}

RunReport read_run_log(const std::filesystem::path& file, const std::string& name) {
  RunReport report;
  report.name = name;
  for_each_record(file, [&](const std::string&, const Json& json) {
    const auto number = [&](const char* key) { return json.value(key, 0.0); };
    const std::int64_t step = json["step"];
    const std::string event = json["event"];
    if (event == "step")
      report.steps.push_back({step, number("epoch"), number("loss"), number("learning_rate"), number("gradient_norm"),
                              number("seconds") > 0 ? number("tokens") / number("seconds") : 0});
    else if (event == "validation")
      report.validations.push_back({step, number("epoch"), number("loss"), number("map_at_3"), number("accuracy")});
    else if (event == "warning")
      report.warnings.push_back(json.value("text", std::string()));
  });
  return report;
}

} // namespace sciexam::inline train

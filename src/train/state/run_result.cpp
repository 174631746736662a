#include "train/state/run_result.hpp"

#include "support/errors.hpp"
#include "support/files/files.hpp"
#include "support/files/sha256.hpp"

namespace sciexam::inline train {
namespace {

namespace fs = std::filesystem;

std::optional<Scores> optional_scores(const JsonView& object, const char* name) {
  return object.has(name) ? std::optional(scores_from_json(object.at(name))) : std::nullopt;
}

} // namespace

Json to_json(const RunResult& result) {
  const auto scores = [](const std::optional<Scores>& any) { return any ? to_json(*any) : Json(nullptr); };
  return {{"name", result.name},
          {"result", result.result},
          {"weights_sha256", result.weights_sha256},
          {"steps", result.steps},
          {"best_step", result.best_step},
          {"tokens", result.tokens},
          {"seconds", result.seconds},
          {"best", scores(result.best)},
          {"last", scores(result.last)},
          {"stopped_early", result.stopped_early}};
}

void write_result(const fs::path& folder, const std::string& identity, const RunResult& result) {
  const Json json = {{"identity", identity}, {"result", to_json(result)}, {"machine", result.machine}};
  write_file_atomically(folder / "result.json", json.dump(1) + "\n");
}

std::optional<std::string> finished_identity(const fs::path& folder) {
  if (!fs::exists(folder / "result.json"))
    return std::nullopt;
  try {
    return JsonDocument::from_file(folder / "result.json").root().at("identity").string();
  } catch (const Error&) {
    return std::nullopt;
  }
}

std::optional<RunResult> finished_run(const fs::path& folder, const std::string& identity) {
  if (!fs::exists(folder / "result.json"))
    return std::nullopt;
  const JsonDocument document = JsonDocument::from_file(folder / "result.json");
  const JsonView root = document.root(), object = root.at("result");
  if (root.at("identity").string() != identity)
    throw UsageError(folder.string() +
                     ": holds the result of a run with other settings, data, base, threads or device. Train "
                     "into another folder, or remove this one");
  RunResult result;
  result.name = object.at("name").string();
  result.result = object.at("result").string();
  result.weights_sha256 = object.at("weights_sha256").string();
  result.steps = object.at("steps").integer(0, INT64_MAX);
  result.best_step = object.at("best_step").integer(0, INT64_MAX);
  result.tokens = object.at("tokens").integer(0, INT64_MAX);
  result.seconds = object.at("seconds").number();
  result.best = optional_scores(object, "best");
  result.last = optional_scores(object, "last");
  result.stopped_early = object.at("stopped_early").boolean();
  if (root.has("machine"))
    result.machine = root.at("machine").json();
  const fs::path weights = folder / result.result / "model.safetensors";
  if (!fs::exists(weights) || sha256_of_file(weights) != result.weights_sha256)
    throw UsageError(weights.string() + ": is missing or not what the run left. Remove " + folder.string() +
                     " and train it again");
  return result;
}

} // namespace sciexam::inline train

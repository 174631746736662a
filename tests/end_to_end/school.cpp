#include "end_to_end/school.hpp"

#include "exam/question.hpp"

#include <stdexcept>

using nlohmann::json;

namespace sciexam::test {

namespace fs = std::filesystem;

School::School() {
  fs::create_directories(folder_ / "data");
  fs::create_directories(folder_ / "base");
  fs::copy(kSmallExam, folder_ / "data/exam.csv");
  for (const char* name : {"config.json", "spm.model"})
    fs::copy(kSmallPackage / name, folder_ / "base" / name);
  manifest_ = json::parse(R"({"format": "sciexam-training", "version": 1, "title": "school",
      "base": {"name": "tiny", "initial_weights": "random",
               "files": [{"name": "config.json", "sha256": null}, {"name": "spm.model", "sha256": null}]},
      "data": [{"name": "exam.csv", "sha256": null, "rows": null, "role": "train"}],
      "template": "closed_book",
      "settings": {"max_steps": 12, "batch_size": 4, "learning_rate": 0.001, "warmup_ratio": 0.1, "save_steps": 3},
      "runs": [{"name": "run_0"}, {"name": "run_1", "settings": {"seed": 1}}]})");
  save();
}

void School::validate_with_exam() {
  fs::copy(kSmallExam, folder_ / "data/valid.csv");
  manifest_["data"].push_back({{"name", "valid.csv"}, {"sha256", nullptr}, {"rows", nullptr}, {"role", "valid"}});
  save();
}

void School::open_the_book() {
  const fs::path exam = folder_ / "data/exam.csv";
  std::string corpus;
  for (const Question& question : read_exam(exam).questions)
    for (const std::string& option : question.options)
      corpus += json({{"title", question.id}, {"text", option + ". " + question.prompt}}).dump() + "\n";
  write_bytes(folder_ / "corpus.jsonl", corpus);
  sciexam_run({"index", "--corpus", folder_ / "corpus.jsonl", "--out", folder_ / "index", "--title", "options"});
  const ProgramResult retrieved = sciexam_run(
      {"retrieve", "--index", folder_ / "index", "--in", exam, "--out", exam, "--contexts", "3", "--top", "1"});
  if (retrieved.status != 0)
    throw std::runtime_error(retrieved.err);
  manifest_["template"] = "open_book";
  manifest_["max_length"] = 192;
  manifest_["settings"]["contexts_per_question"] = 3;
  save();
}

std::vector<std::string> School::arguments(const std::string& out, const std::vector<std::string>& more) const {
  std::vector<std::string> all = {"train",
                                  "--manifest",
                                  folder_ / "manifest.json",
                                  "--base",
                                  folder_ / "base",
                                  "--data",
                                  folder_ / "data",
                                  "--out",
                                  folder_ / out,
                                  "--threads",
                                  "1"};
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

json School::lock(const std::string& out) const {
  return json::parse(read_bytes(folder_ / out / "lock.json"));
}

std::string weights_of(const json& lock, std::size_t run) {
  return lock["runs"][run]["weights_sha256"];
}

} // namespace sciexam::test

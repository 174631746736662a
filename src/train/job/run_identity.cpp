#include "train/job/run_identity.hpp"

#include "support/files/sha256.hpp"

#include <span>

namespace sciexam::inline train {

Json training_record(const TrainingRequest& request, const Json& base_files, const Json& data_files,
                     const Json& teacher) {
  Json record = {{"program", request.program},
                 {"base", {{"name", request.manifest.base_name}, {"files", base_files}}},
                 {"data", data_files},
                 {"template", name_of(request.manifest.template_kind)},
                 {"max_length", request.manifest.max_length},
                 {"threads", request.threads}};
  if (!request.manifest.base_layers.empty())
    record["base"]["layers"] = request.manifest.base_layers;
  if (!teacher.is_null())
    record["teacher"] = teacher;
  return record;
}

std::string run_identity(Json record, const std::string& device, const TrainingManifest& manifest, const RunPlan& plan,
                         const RunQuestions& questions) {
  record.erase("program");
  for (Json& file : record["data"])
    file.erase("retrieval");
  Json& settings = record["settings"] = to_json(plan.settings);
  if (plan.settings.contexts_per_question == 1)
    settings.erase("contexts_per_question");
  if (!plan.settings.learns_from_teacher()) {
    record.erase("teacher");
    for (const char* unused : {"distillation_alpha", "distillation_temperature", "distillation_logit_weight"})
      settings.erase(unused);
  }
  record["device"] = device.substr(0, device.find(':'));
  record["random_weights"] = manifest.random_weights;
  record["train"] = questions.train.places;
  record["valid"] = questions.valid.places;
  if (manifest.isa)
    record["isa"] = isa_option(*manifest.isa);
  const std::string text = record.dump();
  return sha256_hex(std::as_bytes(std::span(text)));
}

} // namespace sciexam::inline train

// weights_manifest/*.json: which models are trained, from which base and data, and with which settings.
#pragma once

#include "kernels/isa.hpp"
#include "support/text/json.hpp"
#include "tokenizer/question_encoding.hpp"
#include "train/manifest/settings.hpp"

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sciexam::inline train {

/// The JSON Schema of manifests, weights_manifest/schema.json.
std::string_view manifest_schema();

/// A file of the base or data folder and what it must be.
struct InputFile {
  std::string name;
  std::optional<std::string> sha256; ///< nothing: any contents
};

struct ManifestData {
  InputFile file;
  std::optional<std::int64_t> rows; ///< questions
  bool is_valid = false;            ///< role "valid": it validates, and is never trained on
  Template template_kind = Template::closed_book;
  std::optional<std::string> index_sha256 = {}; ///< of the passage index that its contexts must be from; nothing: any
};

/// Part `index` of `count` equal parts of the training questions.
struct Fold {
  std::int64_t index = 0, count = 0;
};

struct RunPlan {
  std::string name;
  std::vector<std::string> data; ///< training files; empty: all
  std::optional<Fold> fold;      ///< held out, and validates instead of the files of role "valid"
  TrainingSettings settings;
};

/// Who answers the training questions for runs that learn from it (TrainingSettings::distillation_alpha): one of the
/// three. A package or checkpoints lie where --teacher says, tables among the data.
struct Teacher {
  std::optional<std::string> package;                    ///< its title, or any name, for messages
  std::optional<std::string> package_identity;           ///< what it must be; nothing: any
  std::vector<InputFile> checkpoints;                    ///< folders; sha256: of the weights' file
  std::vector<std::pair<std::string, InputFile>> tables; ///< a training file's name, and its probabilities
  std::int64_t contexts = 0; ///< 0: each context that is trained gets an answer of its own; else, the answers with so
                             ///< many of a question's first contexts are combined
};

struct TrainingManifest {
  std::string title, base_name;
  bool random_weights = false; ///< all weights are fresh, else the base's
  /// The base's layers that are taken, in this order; empty: all.
  std::vector<std::int64_t> base_layers;
  std::vector<InputFile> base_files;
  std::vector<ManifestData> data;
  Template template_kind = Template::closed_book;
  int max_length = 0; ///< tokens; 0: nothing is cut
  bool exclude_near_duplicates = false;
  /// What all kernels are held to, so that the weights are the same on every CPU that has it; nothing ("native"): the
  /// best that the CPU has.
  std::optional<Isa> isa;
  std::optional<Teacher> teacher;
  std::vector<RunPlan> runs;
};

/// Reads a manifest and checks it against the schema. Throws InputError with the JSON path; UsageError for
/// settings that contradict each other.
TrainingManifest parse_training_manifest(std::string_view text, const std::filesystem::path& file);

/// The complete manifest as a document that parse_training_manifest() reads again, every setting of every run
/// spelled out: what a lock records.
Json to_json(const TrainingManifest& manifest);

} // namespace sciexam::inline train

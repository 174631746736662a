// The base folder and the data files of a manifest, read and checked before any work is done.
#pragma once

#include "checkpoint/config.hpp"
#include "support/text/json.hpp"
#include "tokenizer/checkpoint_vocabulary.hpp"
#include "tokenizer/tokenizer.hpp"
#include "train/inputs/training_set.hpp"
#include "train/manifest/manifest.hpp"

#include <filesystem>
#include <string>
#include <vector>

namespace sciexam::inline train {

/// A manifest's base, as it was found.
struct BaseInputs {
  /// The weights that the manifest names, whose hash was checked, whatever else lies beside them; where it names none,
  /// config.json's folder.
  std::filesystem::path weights;
  DebertaConfig config;       ///< of config.json, with no run's settings applied
  std::string config_text;    ///< as the trained checkpoints carry it
  Vocabulary vocabulary;      ///< spm.model or tokenizer.json, whichever the manifest names
  Json files = Json::array(); ///< name and sha256 of each, for the lock
};

/// Checks the manifest's files in `folder`, or, if that is empty, where they are found (input_finder.hpp), and reads
/// configuration and vocabulary. Throws InputError for a file whose sha256 differs, UsageError for one that is missing,
/// and for a vocabulary that files beside it, which the manifest does not name, would change.
BaseInputs read_base(const TrainingManifest& manifest, const std::filesystem::path& folder);

struct DataInputs {
  TrainingSet train, valid;
  std::vector<std::string> train_file;      ///< for each training question, its data file's name
  std::vector<std::size_t> duplicate_group; ///< for each training question, once group_near_duplicates has run
  Json files = Json::array();               ///< name, sha256, rows and retrieval of each, for the lock
  std::vector<std::string> notes;           ///< what the user should know of them, a sentence each
};

/// Reads and encodes the manifest's data files in `folder` (if that is empty: where they are found), with their columns
/// `fold` where there are `folds` (0: none); the training questions with as many contexts as any run asks for. Throws
/// InputError for a file of another sha256 or number of rows, without answers, that is not an exam, or whose contexts
/// are not of the index that the manifest names; UsageError for one that is missing.
DataInputs read_data(const TrainingManifest& manifest, const std::filesystem::path& folder, const Tokenizer& tokenizer,
                     int threads, int folds);

/// Finds training questions that are near-duplicates of a validation question: warns with the pairs and, if
/// the manifest says so, leaves them out. Returns the warning, or nothing.
std::string handle_near_duplicates(const TrainingManifest& manifest, DataInputs& data);

/// Finds which training questions are near-duplicates of each other: folds do not separate them.
void group_near_duplicates(DataInputs& data);

/// The questions of one run: those it trains on, and those that validate it.
struct RunQuestions {
  TrainingSet train, valid;
  std::string folds = {}; ///< where the fold came from, for the log; empty: the run has none
};

/// Applies the run's choice of files, its fold (what the column `fold` says, else parts of the shuffled questions,
/// near-duplicates within one part; call group_near_duplicates before), and, to the training questions, its
/// least_option_length. Throws UsageError if no training question is left, or if some of the files have a column `fold`
/// and some do not.
RunQuestions questions_of(const RunPlan& run, const DataInputs& data);

} // namespace sciexam::inline train

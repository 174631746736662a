#include "train/inputs/inputs.hpp"

#include "checkpoint/weight_files.hpp"
#include "exam/folds.hpp"
#include "exam/near_duplicates.hpp"
#include "exam/ranking.hpp"
#include "inference/encoding.hpp"
#include "support/errors.hpp"
#include "support/files/files.hpp"
#include "support/messages/progress.hpp"
#include "support/text/counted.hpp"
#include "support/text/numbers.hpp"
#include "train/inputs/batch_order.hpp"
#include "train/inputs/data_contexts.hpp"
#include "train/inputs/input_finder.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

namespace sciexam::inline train {
namespace {

namespace fs = std::filesystem;

/// A training set may resemble itself thousands of times: a message names no more pairs than these.
constexpr std::size_t kNamedPairs = 20;
constexpr std::uint64_t kFoldSeed = 0; // folds are the same for all runs, whatever their seeds

/// The vocabulary that the manifest names. A lock has the hashes of what it names, so no other file may affect it.
Vocabulary base_vocabulary(const std::map<std::string, fs::path>& files) {
  const bool has_model = files.contains(kSentencePieceName), has_json = files.contains(kTokenizerJsonName);
  if (!has_model && !has_json)
    throw UsageError(
        "the manifest's base has no spm.model and no tokenizer.json. Name the one that the base was trained "
        "with among $.base.files");
  const char* name = has_model ? kSentencePieceName : kTokenizerJsonName;
  const fs::path& file = files.at(name);
  if (has_model && has_json) {
    if (const fs::path& other = files.at(kTokenizerJsonName); other.parent_path() != file.parent_path())
      throw UsageError(file.string() + " and " + other.string() +
                       ": the base's vocabulary lies in two folders. Give the folder that has both with --base");
    return read_checkpoint_vocabulary(file.parent_path());
  }
  Vocabulary vocabulary = read_vocabulary(file);
  if (vocabulary.name != name)
    throw UsageError(vocabulary.notes.front() +
                     ", which the manifest does not name. Save the base with transformers, "
                     "and name its tokenizer.json among $.base.files; or remove those files");
  return vocabulary;
}

/// config.json as the trained model carries it.
std::string trained_config_text(const fs::path& file, const DebertaConfig& trained) {
  Json config = JsonDocument::from_file(file).root().json();
  config["num_hidden_layers"] = trained.num_hidden_layers;
  config["architectures"] = {"DebertaV2ForMultipleChoice"};
  config.erase("dtype");
  config["torch_dtype"] = "float32";
  return config.dump(2) + "\n";
}

/// Encodes the questions from `first` on with their second to `most`-th contexts, as far as they have them. Their texts
/// are for the teacher and are dropped where there is none (`keep_texts`).
void append_further_contexts(TrainingSet& set, std::size_t first, std::size_t most, bool keep_texts,
                             const Tokenizer& tokenizer, const TemplateOptions& options, int threads) {
  std::vector<Question> questions;
  std::vector<std::size_t> owners;
  for (std::size_t i = first; i < set.size(); ++i) {
    std::vector<std::string> contexts = set.questions[i].further_contexts;
    contexts.resize(std::min(contexts.size(), most - 1));
    if (!keep_texts)
      set.questions[i].further_contexts = {};
    for (std::string& context : contexts) {
      owners.push_back(i);
      questions.push_back(set.questions[i]);
      questions.back().context = std::move(context);
    }
  }
  if (questions.empty())
    return;
  std::vector<EncodedQuestion> encoded = encode_questions(tokenizer, questions, options, threads);
  set.further.resize(set.size());
  for (std::size_t i = 0; i < encoded.size(); ++i)
    set.further[owners[i]].push_back(std::move(encoded[i]));
}

void append(TrainingSet& set, const fs::path& file, std::vector<Question> questions, const Tokenizer& tokenizer,
            const TemplateOptions& options, int threads) {
  const std::vector<EncodedQuestion> encoded = encode_questions(tokenizer, questions, options, threads);
  for (std::size_t i = 0; i < questions.size(); ++i) {
    set.places.push_back(file.filename().string() + ", row " + std::to_string(questions[i].row));
    set.lengths.push_back(token_count(encoded[i]));
    set.encoded.push_back(encoded[i]);
    set.questions.push_back(std::move(questions[i]));
  }
}

std::ptrdiff_t unanswered(std::span<const Question> questions) {
  return std::ranges::count_if(questions, [](const Question& question) { return !question.answer; });
}

/// The contexts of a training question that some run uses.
std::size_t most_contexts(const TrainingManifest& manifest) {
  std::int64_t most = 1;
  for (const RunPlan& run : manifest.runs)
    most = std::max(most, run.settings.contexts_per_question);
  return static_cast<std::size_t>(most);
}

/// For each question, what the column `fold` says; nothing where there is none.
std::vector<int> given_folds(const RunPlan& run, const TrainingSet& set) {
  std::vector<int> folds;
  for (const Question& question : set.questions)
    if (question.fold)
      folds.push_back(*question.fold);
  if (!folds.empty() && folds.size() != set.size())
    throw UsageError(run.name + ": some of its data files have a column fold and some do not. Give all of them one "
                                "(`sciexam-run data --folds`), or none");
  return folds;
}

/// How many questions are not in the fold of their group's first question.
std::size_t parted(std::span<const std::size_t> groups, std::span<const int> folds) {
  std::map<std::size_t, int> fold_of_group;
  std::size_t count = 0;
  for (std::size_t i = 0; i < groups.size(); ++i)
    count += fold_of_group.try_emplace(groups[i], folds[i]).first->second != folds[i];
  return count;
}

/// The questions whose options average at least `length` characters.
TrainingSet with_long_options(const TrainingSet& set, std::int64_t length) {
  if (length == 0)
    return set;
  std::vector<std::size_t> chosen;
  for (std::size_t i = 0; i < set.size(); ++i)
    if (mean_option_length(set.questions[i]) >= static_cast<double>(length))
      chosen.push_back(i);
  if (chosen.empty())
    throw UsageError("no training question has options that average " + counted(length, "character") +
                     ". Lower least_option_length");
  return set.subset(chosen);
}

} // namespace

BaseInputs read_base(const TrainingManifest& manifest, const fs::path& folder) {
  BaseInputs base;
  InputFinder finder(folder, "--base");
  std::map<std::string, fs::path> files;
  for (const InputFile& file : manifest.base_files) {
    const FoundInput found = finder.find(file);
    files.emplace(file.name, found.path);
    base.files.push_back({{"name", file.name}, {"sha256", found.sha256}});
  }
  const auto config = files.find("config.json");
  if (config == files.end())
    throw UsageError("the manifest's base has no config.json. Name it among $.base.files");
  base.vocabulary = base_vocabulary(files);
  const auto* const weights =
      std::ranges::find_if(kWeightFileNames, [&](std::string_view name) { return files.contains(std::string(name)); });
  base.weights = weights == kWeightFileNames.end() ? config->second.parent_path() : files.at(std::string(*weights));
  base.config = read_deberta_config(config->second);
  for (const std::int64_t layer : manifest.base_layers)
    if (layer >= base.config.num_hidden_layers)
      throw UsageError("the base has no layer " + std::to_string(layer) + ": it has " +
                       counted(base.config.num_hidden_layers, "layer") +
                       ", counted from 0. Correct $.base.initial_weights.layers of the manifest");
  if (!manifest.base_layers.empty())
    base.config.num_hidden_layers = static_cast<std::int64_t>(manifest.base_layers.size());
  base.config_text = trained_config_text(config->second, base.config);
  return base;
}

DataInputs read_data(const TrainingManifest& manifest, const fs::path& folder, const Tokenizer& tokenizer, int threads,
                     int folds) {
  DataInputs data;
  InputFinder finder(folder, "--data");
  const std::size_t contexts = most_contexts(manifest);
  for (const ManifestData& file : manifest.data) {
    const auto [path, sha256] = finder.find(file.file);
    const bool may_lack_answers = manifest.teacher && !file.is_valid;
    Exam exam =
        read_exam(path, {.id_required = false, .empty_answers = may_lack_answers, .folds = file.is_valid ? 0 : folds});
    const auto rows = static_cast<std::int64_t>(exam.questions.size());
    if (!exam.has_answers && !may_lack_answers)
      throw InputError({path}, "has no column answer",
                       "Training needs the right answers: give a file that has them, or a teacher");
    if (const auto lacking = unanswered(exam.questions); lacking > 0)
      data.notes.push_back(path.filename().string() + ": " + counted(lacking, "question") +
                           (lacking == 1 ? " has" : " have") + " no answer: the teacher's counts alone");
    if (file.rows && *file.rows != rows)
      throw InputError({path},
                       "has " + counted(rows, "question") + ", but the manifest asks for " + std::to_string(*file.rows),
                       "Get the file from its source again, or correct the manifest");
    if (file.template_kind == Template::open_book && !exam.has_context)
      throw InputError({path}, "has no column context, but the manifest's template is open_book",
                       "Give a file with contexts, or the template closed_book");
    data.files.push_back({{"name", file.file.name}, {"sha256", sha256}, {"rows", rows}});
    const bool open_book = file.template_kind == Template::open_book;
    if (open_book || file.index_sha256)
      if (const auto record = retrieval_of(file, path, sha256, data.notes))
        data.files.back()["retrieval"] = to_json(*record);
    if (open_book && !exam.unused_contexts.empty())
      data.notes.push_back(exam.unused_contexts);
    TrainingSet& set = file.is_valid ? data.valid : data.train;
    const std::size_t first = set.size();
    const TemplateOptions options = {file.template_kind, manifest.max_length};
    append(set, path, std::move(exam.questions), tokenizer, options, threads);
    if (file.is_valid)
      continue;
    data.train_file.resize(data.train.size(), file.file.name);
    if (open_book && contexts > 1)
      append_further_contexts(set, first, contexts, manifest.teacher.has_value(), tokenizer, options, threads);
  }
  if (contexts > 1 && data.train.further.empty())
    data.notes.push_back(
        "contexts_per_question is " + std::to_string(contexts) +
        ", but no training question has a second context to be read: `sciexam-run retrieve --contexts " +
        std::to_string(contexts) + "` finds them, for the template open_book");
  return data;
}

std::string handle_near_duplicates(const TrainingManifest& manifest, DataInputs& data) {
  // Without its answers: then the same options for another right answer are a near-duplicate too.
  std::vector<Question> held_out = data.valid.questions;
  for (Question& question : held_out)
    question.answer.reset();
  const std::vector<NearDuplicate> pairs = near_duplicates(data.train.questions, held_out);
  if (pairs.empty())
    return {};
  std::set<std::size_t> found;
  std::string warning;
  std::size_t named = 0;
  for (const NearDuplicate& pair : pairs) {
    found.insert(pair.first);
    if (++named > kNamedPairs)
      continue;
    warning += (warning.empty() ? "" : "; ") + data.train.places[pair.first] + " ~ " + data.valid.places[pair.second] +
               " (" + format_fixed(pair.similarity, 2) + ")";
  }
  if (named > kNamedPairs)
    warning += "; and " + counted(named - kNamedPairs, "other pair");
  const std::string count = counted(found.size(), "training question") + " nearly identical to validation questions";
  if (!manifest.exclude_near_duplicates)
    return count + ": " + warning +
           ". They make the validation look better than it is; --exclude-near-duplicates leaves them out";
  DataInputs kept;
  for (std::size_t i = 0; i < data.train.size(); ++i)
    if (!found.contains(i)) {
      kept.train.add(data.train, i);
      kept.train_file.push_back(data.train_file[i]);
    }
  data.train = std::move(kept.train);
  data.train_file = std::move(kept.train_file);
  return count + ", left out: " + warning;
}

void group_near_duplicates(DataInputs& data) {
  data.duplicate_group = duplicate_groups(data.train.questions);
}

RunQuestions questions_of(const RunPlan& run, const DataInputs& data) {
  std::vector<std::size_t> chosen;
  for (std::size_t i = 0; i < data.train.size(); ++i)
    if (run.data.empty() || std::find(run.data.begin(), run.data.end(), data.train_file[i]) != run.data.end())
      chosen.push_back(i);
  RunQuestions questions{data.train.subset(chosen), data.valid};
  if (run.fold) {
    const TrainingSet all = std::move(questions.train);
    questions = {};
    std::vector<std::size_t> groups;
    groups.reserve(chosen.size());
    for (const std::size_t i : chosen)
      groups.push_back(data.duplicate_group.at(i));
    const std::vector<int> given = given_folds(run, all);
    const std::vector<int> fold = given.empty() ? deal_folds(groups, {}, static_cast<int>(run.fold->count),
                                                             Dealing::in_turn, permutation_stream(kFoldSeed, 0))
                                                : given;
    for (std::size_t i = 0; i < all.size(); ++i)
      if (fold[i] != run.fold->index)
        questions.train.add(all, i);
      else if (all.questions[i].answer) // what has none cannot validate
        questions.valid.add(all, i);
    questions.folds = given.empty()
                          ? "dealt, near-duplicates together"
                          : "as the column fold says, which separates " + std::to_string(parted(groups, fold)) +
                                " of " + counted(all.size(), "question") + " from a near-duplicate";
  }
  questions.train = with_long_options(questions.train, run.settings.least_option_length);
  return questions;
}

} // namespace sciexam::inline train

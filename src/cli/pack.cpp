// sciexam-run pack: checkpoints and tokenizer -> a package folder.
#include "package/pack.hpp"

#include "cli/commands.hpp"
#include "cli/options.hpp"
#include "cli/packing.hpp"
#include "cli/version.hpp"
#include "inference/loading.hpp"
#include "inference/probe.hpp"
#include "model/weights.hpp"
#include "quantization/int8_model.hpp"
#include "support/errors.hpp"
#include "support/machine/threads.hpp"
#include "support/messages/progress.hpp"
#include "support/text/counted.hpp"

#include <cstdio>
#include <memory>

#include <CLI/CLI.hpp>

namespace sciexam::inline cli {
namespace {

std::vector<EncodedQuestion> read_calibration(const PackingOptions& options, const Tokenizer& tokenizer,
                                              const TemplateOptions& form) {
  if (options.calibration.empty())
    throw UsageError(
        "--precision int8 rounds weights so that answers stay the same, and needs questions to check that. "
        "Give a file of a few hundred like the exam's with --calibration");
  const Exam exam =
      read_exam(std::filesystem::path(options.calibration), {.id_required = false, .answers_required = false});
  if (exam.questions.empty())
    throw InputError({options.calibration}, "has no questions", "Give a file with a few hundred");
  if (form.kind == Template::open_book && !exam.has_context)
    throw InputError({options.calibration}, "has no column context, but the models answer with one",
                     "Give questions with their contexts");
  return encode_questions(tokenizer, exam.questions, form, options.threads);
}

Vocabulary find_vocabulary(const PackingOptions& options) {
  if (options.models.empty())
    throw UsageError("there is no model to pack. Name at least one checkpoint folder");
  const std::vector<std::filesystem::path> folders(options.models.begin(), options.models.end());
  Vocabulary vocabulary = common_vocabulary(options.tokenizer, folders);
  for (const std::string& note : vocabulary.notes)
    log_line(note);
  return vocabulary;
}

/// LibTorch would only say that an index is out of range.
void require_vocabulary(const Tokenizer& tokenizer, const std::filesystem::path& file, const DebertaConfig& config,
                        const WeightSource& model) {
  if (tokenizer.vocabulary_size() > config.vocab_size)
    throw InputError({file},
                     "has " + counted(tokenizer.vocabulary_size(), "token") + ", but the model " + model.description() +
                         " only " + std::to_string(config.vocab_size),
                     "Give the vocabulary that the model was trained with");
}

} // namespace

void pack_checkpoints(const PackingOptions& options) {
  if (!options.weights.empty() && options.weights.size() != options.models.size())
    throw UsageError("--weights has " + counted(options.weights.size(), "number") + " for " +
                     counted(options.models.size(), "model") + ". Give one for each");
  PackRequest request;
  request.title = options.title;
  request.created_by = "sciexam " + version();
  request.package_version = options.package_version;
  request.output = options.out;
  request.dtype = options.precision == "f32" ? DType::f32 : options.precision == "int8" ? DType::i8 : DType::f16;
  const std::optional<Template> kind = template_of_name(options.template_name);
  if (!kind)
    throw UsageError("--template " + options.template_name + " is unknown. Give closed_book or open_book");
  request.template_options = {*kind, options.max_length};
  request.retrieval_weight = options.retrieval_weight;
  request.threads = options.threads;
  for (std::size_t i = 0; i < options.models.size(); ++i)
    request.models.push_back({.name = "run_" + std::to_string(i),
                              .folder = options.models[i],
                              .weight = options.weights.empty() ? 1.0 : options.weights[i]});
  request.note = log_line;
  request.vocabulary = find_vocabulary(options);
  const Tokenizer tokenizer = Tokenizer::from_bytes(request.vocabulary.bytes, request.vocabulary.source);
  request.probe = [&](const DebertaConfig& config, WeightSource& packed) {
    require_vocabulary(tokenizer, request.vocabulary.source, config, packed);
    return compute_probe(*load_to_answer(config, packed, request.threads), tokenizer, request.template_options);
  };
  std::vector<EncodedQuestion> questions;
  if (request.dtype == DType::i8) {
    questions = read_calibration(options, tokenizer, request.template_options);
    request.quantize = [&](const PackModel& model, const DebertaConfig& config, WeightSource& checkpoint) {
      require_vocabulary(tokenizer, request.vocabulary.source, config, checkpoint);
      return make_int8_model(config, checkpoint, model.name,
                             {.questions = questions,
                              .threads = request.threads,
                              .allow_disagreement = options.allow_disagreement,
                              .note = log_line});
    };
  }
  const Manifest manifest = pack(request);
  std::printf("%s: %s, %s, identity %s\n", options.out.c_str(), counted(manifest.models.size(), "model").c_str(),
              options.precision.c_str(), manifest.identity.c_str());
}

void add_pack(CLI::App& app) {
  const auto options = std::make_shared<PackingOptions>();
  options->threads = 0; // all that may be used
  CLI::App* command = app.add_subcommand("pack", "Checkpoints and a tokenizer -> a package folder");
  command->add_option("--models", options->models, "Checkpoint folders (config.json and weights), Hugging Face form")
      ->required();
  command->add_option("--tokenizer", options->tokenizer,
                      "The models' vocabulary, spm.model or tokenizer.json [the one in their folders]");
  command->add_option("--out", options->out, "Package folder to make")->required();
  command
      ->add_option("--precision", options->precision,
                   "Store weights as f16 or f32, or those of dense layers as int8 [f16]")
      ->check(CLI::IsMember({"f16", "f32", "int8"}));
  command->add_option("--calibration", options->calibration,
                      "For int8: questions like the exam's (CSV), on which answers must stay the same");
  command->add_flag("--allow-disagreement", options->allow_disagreement,
                    "Pack as int8 even if more than 1 % of the calibration's questions get different guesses");
  command->add_option("--template", options->template_name, "closed_book or open_book [closed_book]");
  command
      ->add_option("--max-length", options->max_length, "Maximum length of a sequence, in tokens; 0: no truncation [0]")
      ->check(CLI::Range(0, 1 << 20));
  command->add_option("--title", options->title, "The package's name, shown when it is used [sciexam]");
  command->add_option("--package-version", options->package_version,
                      "Version of this package, e.g. 3 or 2026-11-26: where several packages are found, the highest "
                      "version is used");
  command->add_option("--weights", options->weights, "One weight per model, for --combine weighted [1 each]")
      ->delimiter(',')
      ->check(CLI::NonNegativeNumber);
  command
      ->add_option("--retrieval-weight", options->retrieval_weight,
                   "Weight of a passage index's own ranking beside the models', 0 to 1 [0]")
      ->check(CLI::Range(0.0, 1.0));
  add_threads_option(*command, options->threads);
  command->callback([options] {
    options->threads = use_threads(options->threads);
    pack_checkpoints(*options);
  });
}

} // namespace sciexam::inline cli

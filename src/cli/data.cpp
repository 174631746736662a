// sciexam-run data: question sets of many forms -> one training set; data prompts, data import: articles -> new
// questions.
#include "answer/locate.hpp"
#include "cli/commands.hpp"
#include "cli/options.hpp"
#include "data/articles/requests.hpp"
#include "data/articles/responses.hpp"
#include "data/forms/read_data.hpp"
#include "data/output/data_report.hpp"
#include "data/output/data_summary.hpp"
#include "data/output/write_data.hpp"
#include "data/selection/arrange.hpp"
#include "data/selection/duplicates.hpp"
#include "data/selection/easy.hpp"
#include "ensemble/package_run.hpp"
#include "package/package.hpp"
#include "support/errors.hpp"
#include "support/files/files.hpp"
#include "support/messages/progress.hpp"
#include "support/text/counted.hpp"

#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>

#include <CLI/CLI.hpp>

namespace sciexam::inline cli {
namespace {

struct DataOptions {
  std::vector<std::string> inputs, responses, hold_outs;
  std::string articles, out, report, rejected, tokenizer, package;
  ReadRules reading;
  DuplicateRules duplicates;
  std::optional<double> drop_easy;
  bool shuffle_options = false;
  int folds = 0, threads = 0;
  std::uint64_t seed = 0;
};

constexpr const char* kFormsOfSets =
    "What it reads:\n"
    "  Columns by many names, in any order and spelling: question, prompt, QuestionText, ...; A to E, option_a, opt1,\n"
    "  ending0, ...; answer, correctAnswer, answerKey, label, cop, ...; context, passage, support, fact1, ...;\n"
    "  or one right option and distractor1, incorrect_answer_1, ...\n"
    "  Answers as letters (B, (b), Option B, \"B) its text\"), as numbers from 0 or 1, or as an option's text.\n"
    "  JSON as questions by record, by column or split (pandas), from the dataset server (Hugging Face), or in the "
    "forms\n"
    "  of ARC, OpenBookQA, CommonsenseQA, AQuA, SciQ, MMLU, MedMCQA, RACE and BIG-bench.\n"
    "  The summary names the columns that were not used; rows that cannot be used are left out and counted.";

/// Refuses a path that cannot be written or is already `taken` by another option; adds it to those.
void check_output(const std::string& output, std::vector<std::string>& taken) {
  if (output.empty())
    return;
  const std::filesystem::path path = output, folder = path.parent_path();
  if (!folder.empty() && !std::filesystem::is_directory(folder))
    throw UsageError(output + ": there is no folder " + folder.string() + ". Make it, or give another path");
  if (std::filesystem::is_directory(path))
    throw UsageError(output + ": is a folder. Give the path of the file to write");
  for (const std::string& other : taken)
    if (std::error_code ignored; other == output || std::filesystem::equivalent(other, output, ignored))
      throw UsageError(output + ": is to be written, but is also given by another option. Give it a path of its own");
  taken.push_back(output);
}

/// Refuses a command line that lacks or contradicts something, before any work is done.
void check(const DataOptions& options) {
  if (options.out.empty())
    throw UsageError("--out is missing. Give the path of the CSV file to write");
  std::vector<std::string> taken = options.inputs;
  taken.insert(taken.end(), options.responses.begin(), options.responses.end());
  taken.insert(taken.end(), options.hold_outs.begin(), options.hold_outs.end());
  taken.push_back(options.articles);
  for (const std::string& output : {options.out, options.report, options.rejected})
    check_output(output, taken);
  if (options.drop_easy && options.package.empty())
    throw UsageError("--drop-easy needs an ensemble that decides what is easy. Give --package DIR");
  if (!options.drop_easy && !options.package.empty())
    throw UsageError("--package is only used by --drop-easy. Give both or neither");
}

std::vector<HoldOut> read_hold_outs(const DataOptions& options) {
  std::vector<HoldOut> hold_outs;
  for (const std::string& path : options.hold_outs)
    hold_outs.push_back(read_hold_out(path));
  return hold_outs;
}

/// The probability that the package's ensemble (mean of softmax) gives to each question's right option.
std::vector<double> right_probabilities(const DataSet& data, const DataOptions& options) {
  std::vector<Question> questions;
  for (const Record& record : data.records)
    questions.push_back(record.question);
  const Package package = Package::open(find_package(options.package).path);
  const EnsembleAnswers answers = answer_with_ensemble(package, questions, {.threads = use_threads(options.threads)});
  if (const std::vector<std::string> missing = answers.degradations(); !missing.empty())
    throw PackageError(options.package, "not all of its models answered everything: " + missing.front(),
                       "Copy the package again, or leave --drop-easy out; nothing was written");
  std::vector<double> probabilities;
  for (std::size_t i = 0; i < questions.size(); ++i) {
    const OptionScores scores = combine_scores(Combine::mean_softmax, answers_of(answers.models, i).logits, {});
    probabilities.push_back(scores[static_cast<std::size_t>(questions[i].answer.value())]);
  }
  return probabilities;
}

/// From questions that were read to the files that were asked for.
void finish(DataSet& data, const DataOptions& options) {
  std::optional<Tokenizer> tokenizer;
  if (!options.tokenizer.empty())
    tokenizer = Tokenizer::from_file(options.tokenizer);
  drop_duplicates(data, read_hold_outs(options), options.duplicates);
  if (options.drop_easy && !data.records.empty())
    drop_easy(data, right_probabilities(data, options), *options.drop_easy);
  if (data.records.empty())
    throw UsageError("no question is left to write:\n" + data_summary(data) +
                     "Give other inputs, or fewer reasons to leave questions out");
  assign_ids(data);
  if (options.shuffle_options)
    shuffle_options(data, options.seed);
  if (options.folds > 0)
    assign_folds(data, options.folds, options.seed);
  if (!options.report.empty())
    write_file_atomically(options.report,
                          data_page(data, tokenizer ? measure_in_tokens(*tokenizer) : measure_in_words()));
  if (!options.rejected.empty())
    write_rejected(options.rejected, data);
  write_data(options.out, data);
  std::printf("%s%s: %s\n", data_summary(data).c_str(), options.out.c_str(),
              counted(data.records.size(), "question").c_str());
}

void run_data(const DataOptions& options) {
  if (options.inputs.empty())
    throw UsageError(
        "--input is missing. Give the question sets to read (CSV, JSON, JSON lines), or one of the commands "
        "`prompts` and `import`");
  check(options);
  DataSet data;
  for (const std::string& input : options.inputs)
    read_data_file(input, options.reading, data);
  finish(data, options);
}

void run_import(const DataOptions& options) {
  check(options);
  const std::vector<Article> articles = read_articles(options.articles);
  DataSet data;
  for (const std::string& responses : options.responses)
    import_responses(responses, articles, data);
  finish(data, options);
}

/// The options of everything that happens after reading.
void add_common_options(CLI::App& command, DataOptions& options) {
  command.add_option("--out", options.out, "The CSV file to write: id,prompt,A,B,C,D,E,answer and more")
      ->group("Output");
  command.add_option("--report", options.report, "Also write an HTML page of what was found")->group("Output");
  command.add_option("--rejected", options.rejected, "Also write a CSV file of what was left out, and why")
      ->group("Output");
  command
      .add_option("--tokenizer", options.tokenizer,
                  "spm.model or tokenizer.json: the report measures lengths in its tokens [words]")
      ->check(CLI::ExistingFile)
      ->group("Output");
  command
      .add_option("--hold-out", options.hold_outs,
                  "Question sets that no question may resemble, in any of the same forms")
      ->group("Left out");
  command
      .add_option("--near-duplicate-threshold", options.duplicates.threshold,
                  "Minimum similarity of near-duplicates, in word 5-grams [0.8]")
      ->check(CLI::Range(kLeastNearDuplicate, 1.0))
      ->group("Left out");
  command
      .add_flag("--keep-near-duplicates", options.duplicates.keep_near_duplicates,
                "Keep near-duplicates, except those of a hold-out; they stay within one fold")
      ->group("Left out");
  command
      .add_option("--drop-easy", options.drop_easy,
                  "Leave out questions where --package gives the right option a probability above this")
      ->check(CLI::Range(0.0, 1.0))
      ->group("Left out");
  command.add_option("--package", options.package, "Package folder for --drop-easy")->group("Left out");
  command.add_flag("--shuffle-options", options.shuffle_options, "Shuffle the options of each question, by --seed")
      ->group("Arrangement");
  command.add_option("--folds", options.folds, "Deal the questions into this many folds: column fold, from 0")
      ->check(CLI::Range(2, 1000))
      ->group("Arrangement");
  command.add_option("--seed", options.seed, "Seed for the shuffling and the folds [0]")->group("Arrangement");
  add_threads_option(command, options.threads);
}

void add_import(CLI::App& data) {
  const auto options = std::make_shared<DataOptions>();
  CLI::App* command = data.add_subcommand("import", "Reads a service's responses to `prompts` back as questions");
  command->add_option("--responses", options->responses, "The service's output files (JSON lines)")->required();
  command->add_option("--articles", options->articles, "The articles that the requests were made from")->required();
  add_common_options(*command, *options);
  command->callback([options] { run_import(*options); });
}

void add_prompts(CLI::App& data) {
  struct PromptOptions {
    std::string articles, out;
    RequestRules rules;
  };
  const auto options = std::make_shared<PromptOptions>();
  RequestRules& rules = options->rules;
  CLI::App* command = data.add_subcommand("prompts", "Writes requests for questions about articles, to be sent to an "
                                                     "OpenAI-compatible service's batch interface");
  command->add_option("--articles", options->articles, "JSON lines {\"title\": .., \"text\": ..}")->required();
  command->add_option("--out", options->out, "The file of requests to write (JSON lines)")->required();
  command->add_option("--model", rules.model, "The model's name at the service")->required();
  command->add_option("--questions-per-passage", rules.questions_per_passage, "Questions to ask for [5]")
      ->check(CLI::Range(1, 50));
  command->add_option("--passage-characters", rules.passage_characters, "The longest passage, in characters [3000]")
      ->check(CLI::Range(2 * kLeastPassage, std::size_t{1'000'000}));
  command
      ->add_option("--requests-per-file", rules.requests_per_file,
                   "Requests per file; more go into further files [50000]")
      ->check(CLI::Range(std::size_t{1}, std::size_t{10'000'000}));
  command->callback([options] {
    std::vector<std::string> taken = {options->articles};
    check_output(options->out, taken);
    const RequestFiles files = write_requests(options->out, read_articles(options->articles), options->rules);
    if (files.articles_without > 0)
      log_line("too short for a passage: " + counted(files.articles_without, "article"));
    for (const std::filesystem::path& path : files.paths)
      std::printf("%s\n", path.c_str());
    std::printf("%s, %s each\n", counted(files.passages, "passage").c_str(),
                counted(options->rules.questions_per_passage, "question").c_str());
  });
}

} // namespace

void add_data(CLI::App& app) {
  const auto options = std::make_shared<DataOptions>();
  CLI::App* command =
      app.add_subcommand("data", "Question sets of many forms -> one clean training set; articles -> new questions");
  command->footer(kFormsOfSets);
  command
      ->add_option("--input", options->inputs,
                   "Question sets: CSV (commas, tabs, semicolons or pipes), JSON, JSON lines. The first of "
                   "duplicates is kept")
      ->group("Input");
  command
      ->add_option("--answer-base", options->reading.answer_base,
                   "Whether numeric answers count from 0 or 1 [detected in the file]")
      ->check(CLI::IsMember({0, 1}))
      ->group("Input");
  command
      ->add_flag("--right-option-apart", options->reading.right_option_apart,
                 "The answers are the right options themselves, the option columns hold only wrong ones [detected in "
                 "the file]")
      ->group("Input");
  command
      ->add_flag("--drop-empty-options", options->reading.questions.drop_empty_options,
                 "Leave out questions with an empty option [kept]")
      ->group("Left out");
  command
      ->add_flag("--require-five", options->reading.questions.require_five,
                 "Leave out questions with fewer than five options [their fifth is left empty]")
      ->group("Left out");
  command
      ->add_flag("--cut-options", options->reading.questions.cut_options,
                 "Of more than five options, keep the right one and the first four others [left out]")
      ->group("Left out");
  add_common_options(*command, *options);
  add_prompts(*command);
  add_import(*command);
  command->require_subcommand(0, 1);
  command->callback([options, command] {
    if (command->get_subcommands().empty())
      run_data(*options);
  });
}

} // namespace sciexam::inline cli

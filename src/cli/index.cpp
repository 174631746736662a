// sciexam-run index: a corpus -> a passage index.
#include "cli/commands.hpp"
#include "cli/options.hpp"
#include "cli/version.hpp"
#include "retrieval/build/build_index.hpp"
#include "retrieval/build/index_page.hpp"
#include "retrieval/build/merge.hpp"
#include "retrieval/corpus/corpus_files.hpp"
#include "support/clock.hpp"
#include "support/errors.hpp"
#include "support/machine/interrupt.hpp"
#include "support/machine/memory.hpp"
#include "support/machine/threads.hpp"
#include "support/messages/progress.hpp"
#include "support/text/counted.hpp"
#include "support/text/numbers.hpp"

#include <cstdio>
#include <memory>

#include <CLI/CLI.hpp>

namespace sciexam::inline cli {
namespace {

struct IndexOptions {
  std::vector<std::string> corpus;
  std::string out, title, report;
  std::string licence = "CC BY-SA 4.0", attribution = "Texts by the authors of Wikipedia, https://en.wikipedia.org";
  CutterSettings cutter;
  AnalyserSettings analyser;
  std::uint64_t memory = 0;
  int threads = 0;
};

/// A quarter of what the machine has.
std::uint64_t default_memory() {
  constexpr std::uint64_t kUnknown = std::uint64_t{4} << 30;
  const std::uint64_t available = available_memory();
  return (available == 0 ? kUnknown : available) / 4;
}

std::uint64_t size_of(const IndexManifest& manifest) {
  std::uint64_t bytes = 0;
  for (const CheckedFileRecord& file : files_of(manifest))
    bytes += file.size();
  return bytes;
}

void print_result(const BuildResult& result, const std::string& folder, double seconds) {
  const IndexCounts& counts = result.manifest.counts;
  std::printf("%s: %s of %s (%s of text) in %s, %s\n", folder.c_str(), counted(counts.passages, "passage").c_str(),
              counted(counts.articles, "article").c_str(), format_memory(counts.text_bytes).c_str(),
              counted(files_of(result.manifest).size() + 1, "file").c_str(),
              format_memory(size_of(result.manifest)).c_str());
  std::printf("%s, %s: %.0f bytes a passage\n", counted(counts.terms, "term").c_str(),
              counted(counts.postings, "posting").c_str(),
              static_cast<double>(size_of(result.manifest)) / static_cast<double>(counts.passages));
  for (const auto& [reason, dropped] : result.counts.dropped) {
    std::string examples;
    for (const std::string& example : dropped.examples)
      examples += (examples.empty() ? "" : ", ") + example;
    std::printf("left out, %s: %s, such as %s\n", reason.c_str(), counted(dropped.documents, "document").c_str(),
                examples.c_str());
  }
  if (result.counts.replaced > 0)
    std::printf("bytes that are no UTF-8 have become U+FFFD %llu times\n",
                static_cast<unsigned long long>(result.counts.replaced));
  std::printf("took %s\n", format_duration(seconds).c_str());
}

/// The index matters more than its page: one that cannot be written is named.
bool write_page(const IndexOptions& options, const BuildRequest& request, const BuildResult& result, double seconds) {
  const IndexCounts& counts = result.manifest.counts;
  const double rate = seconds > 0 ? static_cast<double>(counts.passages) / seconds : 0;
  try {
    write_index_page(options.report, PassageIndex(PackageFiles::in_folder(options.out), nullptr),
                     {{"time", format_duration(seconds) + (result.resumed ? ", since it was interrupted last" : "")},
                      {"passages a second", result.resumed ? "-" : format_fixed(rate, 0)},
                      {"threads", std::to_string(request.threads)},
                      {"memory, at most about", format_memory(request.memory)}});
    return true;
  } catch (const WorkError& error) {
    warn_line(std::string("the report is missing: ") + error.what() + ". sciexam-run verify --index " + options.out +
              " --report FILE writes it too");
    return false;
  }
}

ExitStatus index_corpus(const IndexOptions& options) {
  const InterruptGuard guard;
  const BootClock clock;
  const double begin = clock.seconds();
  const CorpusFiles corpus = find_corpus_files(options.corpus);
  for (const std::filesystem::path& file : corpus.ignored)
    log_line("not read: " + file.string());
  log_line("corpus: " + counted(corpus.files.size(), "file"));
  const BuildRequest request{.files = corpus.files,
                             .folder = options.out,
                             .cutter = options.cutter,
                             .analyser = options.analyser,
                             .title = options.title,
                             .created_by = version_line(),
                             .licence = options.licence,
                             .attribution = options.attribution,
                             .threads = options.threads == 0 ? available_threads() : options.threads,
                             .memory = options.memory == 0 ? default_memory() : options.memory,
                             .stop = interrupted};
  try {
    const BuildResult result = build_index(request);
    const double seconds = clock.seconds() - begin;
    print_result(result, options.out, seconds);
    if (!options.report.empty() && !write_page(options, request, result, seconds))
      return ExitStatus::degraded;
  } catch (const Stopped&) {
    warn_line(options.out + ": is not complete. The same command goes on where it was interrupted");
    return ExitStatus::failed;
  }
  return ExitStatus::done;
}

} // namespace

void add_index(CLI::App& app, ExitStatus& status) {
  const auto options = std::make_shared<IndexOptions>();
  CLI::App* command = app.add_subcommand("index", "Builds a passage index of a corpus, such as a dump of Wikipedia");
  command
      ->add_option("--corpus", options->corpus,
                   "CirrusSearch dumps, JSON lines, CSV or plain text, each plain, .gz, .bz2 or .zst: files, folders, "
                   "patterns, or - for standard input")
      ->required();
  command->add_option("--out", options->out, "The index's folder, new or of an interrupted build")->required();
  command->add_option("--report", options->report,
                      "Also write a page (HTML) about the index: lengths, sizes, what was left out");
  command->add_option("--title", options->title, "The index's name, for people");
  command->add_option("--licence", options->licence, "Of the texts")->capture_default_str();
  command->add_option("--attribution", options->attribution, "Of the texts")->capture_default_str();
  command->add_option("--words", options->cutter.words, "Words of a passage, about")
      ->capture_default_str()
      ->check(CLI::Range(10, 2000));
  command->add_option("--overlap", options->cutter.overlap_sentences, "Sentences that two passages share")
      ->capture_default_str()
      ->check(CLI::Range(0, 20));
  command->add_option("--memory", options->memory, "That building may take, such as 4GB [a quarter of the machine's]")
      ->transform(CLI::AsSizeValue(true));
  add_threads_option(*command, options->threads);
  command->callback([options, &status] { status = index_corpus(*options); });
}

} // namespace sciexam::inline cli

// sciexam-run retrieve: what an index has about questions, or about a query.
#include "answer/locate.hpp"
#include "cli/commands.hpp"
#include "cli/options.hpp"
#include "cli/retrieve_files.hpp"
#include "exam/context_columns.hpp"
#include "support/errors.hpp"
#include "support/machine/interrupt.hpp"
#include "support/machine/threads.hpp"
#include "support/messages/progress.hpp"
#include "support/text/counted.hpp"

#include <cstdio>
#include <memory>

#include <CLI/CLI.hpp>

namespace sciexam::inline cli {
namespace {

struct RetrieveOptions {
  std::string index, in, out, query;
  RetrievalSettings retrieval;
  int threads = 0;
  bool explain = false;
};

void print_share(const TermShare& share) {
  std::printf("    %8.4f  %-20s  in %s, %u times here, %u times in the query\n", share.score, share.term.c_str(),
              counted(share.document_frequency, "passage").c_str(), share.frequency, share.weight);
}

void print_query(const Retriever& retriever, const std::string& text, bool explain) {
  const FoundPassages found = retriever.find(text);
  const Query query = retriever.queries().of_text(text);
  std::size_t rank = 0;
  for (const FoundPassage& passage : found.passages) {
    std::printf("%zu. %s  (%s, score %.4f)\n%s\n", ++rank, passage.title.c_str(), passage.id.c_str(), passage.score,
                passage.text.c_str());
    if (explain)
      for (const TermShare& share : retriever.searcher().explain(query, passage.passage))
        print_share(share);
  }
  if (found.passages.empty())
    std::printf("nothing found\n");
}

ExitStatus report_damage(const RetrievalDamage& damage) {
  for (const auto& [what, times] : damage)
    std::printf("degraded: %s\n", what.c_str());
  return damage.empty() ? ExitStatus::done : ExitStatus::degraded;
}

void require_one_input(const RetrieveOptions& options) {
  if (options.in.empty() == options.query.empty())
    throw UsageError("give either --in FILE or --query TEXT");
  if (!options.query.empty() && !options.out.empty())
    throw UsageError("--query writes to standard output: --out is for --in");
  if (options.explain && options.query.empty())
    throw UsageError("--explain is for --query");
  if (options.retrieval.contexts > 1 && !options.query.empty())
    throw UsageError("--contexts is for --in");
}

ExitStatus retrieve(const RetrieveOptions& options) {
  require_one_input(options);
  const InterruptGuard guard;
  const std::optional<Located> place = find_index(options.index);
  if (!place)
    throw UsageError("no passage index was found. Give its folder with --index; `index` makes one");
  const PassageIndex index(PackageFiles::in_folder(place->path), nullptr);
  log_line("index: " + counted(index.manifest().counts.passages, "passage") + " in " + place->path.string() + " (" +
           place->reason + ")");
  const Retriever retriever(index, options.retrieval);
  RetrievalDamage damage;
  if (!options.query.empty())
    print_query(retriever, options.query, options.explain);
  else
    damage =
        retrieve_file(retriever, options.in, options.out, options.threads == 0 ? available_threads() : options.threads);
  for (const LeftOutShard& shard : index.left_out())
    damage.emplace(sentence_on(shard), 1);
  return report_damage(damage);
}

} // namespace

void add_retrieve(CLI::App& app, ExitStatus& status) {
  const auto options = std::make_shared<RetrieveOptions>();
  CLI::App* command = app.add_subcommand("retrieve", "Adds a column context to questions, or shows what a query finds");
  command->add_option("--index", options->index, "The index's folder [found automatically]");
  command->add_option("--in", options->in,
                      "Questions as CSV (context is added), or JSON lines {\"query\": ..} (passages are found)");
  command->add_option("--out", options->out, "Where to write it [standard output]");
  command->add_option("--query", options->query, "Show what this text finds");
  command->add_flag("--explain", options->explain, "With --query: each term's share of the scores");
  command
      ->add_option("--contexts", options->retrieval.contexts,
                   "Contexts of a question, in columns context, context_2, ...: those of --query-form, those of the "
                   "other way to ask, then the following ranks")
      ->capture_default_str()
      ->check(CLI::Range(std::size_t{1}, kMostContexts))
      ->group("Passages");
  add_retrieval_options(*command, options->retrieval);
  add_threads_option(*command, options->threads);
  command->callback([options, &status] { status = retrieve(*options); });
}

} // namespace sciexam::inline cli

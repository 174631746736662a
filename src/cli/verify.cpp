// sciexam-run verify: every byte of a package, and the numbers that it computes.
#include "package/verify.hpp"

#include "answer/locate.hpp"
#include "cli/commands.hpp"
#include "cli/options.hpp"
#include "inference/loading.hpp"
#include "inference/probe.hpp"
#include "retrieval/build/index_page.hpp"
#include "retrieval/index/verify_index.hpp"
#include "support/messages/progress.hpp"

#include <cstdio>
#include <memory>

#include <CLI/CLI.hpp>

namespace sciexam::inline cli {
namespace {

bool report_bytes(const VerifyReport& report) {
  for (const FileReport& file : report.files) {
    std::printf("%-32s %14llu bytes  %s\n", file.name.c_str(), static_cast<unsigned long long>(file.size),
                file.problems.empty() ? "ok" : "DAMAGED");
    for (const std::string& problem : file.problems)
      std::printf("  %s\n", problem.c_str());
  }
  for (const std::string& name : report.unnamed)
    std::printf("%-32s not part of the package, not used\n", name.c_str());
  return report.ok();
}

bool report_numbers(const Package& package, int threads) {
  bool ok = true;
  for (std::size_t i = 0; i < package.manifest().models.size(); ++i) {
    const ModelRecord& model = package.manifest().models[i];
    if (model.probe.empty()) {
      std::printf("%-32s carries no probe: its numbers were not checked\n", model.name.c_str());
      continue;
    }
    const double difference = probe_difference(*load_model(package, i, threads), model.probe);
    const bool right = difference <= (model.dtype == DType::i8 ? kInt8ProbeTolerance : kProbeTolerance);
    ok = ok && right;
    std::printf("%-32s computes the packed logits to %.1e%s\n", model.name.c_str(), difference,
                right ? "" : ": TOO FAR OFF, do not use this package on this machine");
  }
  return ok;
}

ExitStatus verify(const std::string& given, int requested_threads) {
  const int threads = use_threads(requested_threads);
  const std::filesystem::path folder = find_package(given).path;
  std::uint64_t shown = 0;
  std::unique_ptr<Progress> progress;
  const VerifyReport report = verify_package(folder, threads, [&](std::uint64_t done, std::uint64_t all) {
    if (!progress)
      progress = std::make_unique<Progress>("reading", all, "bytes");
    progress->advance(done - shown);
    shown = done;
  });
  if (progress)
    progress->finish();
  const bool right = report_bytes(report) && report_numbers(Package::open(folder), threads);
  std::printf("%s: %s\n", folder.c_str(), right ? ("whole, identity " + report.identity).c_str() : "NOT USABLE");
  return right ? ExitStatus::done : ExitStatus::failed;
}

/// `report`: where a page about the index is written, if it is whole; empty for none.
ExitStatus verify_passages(const std::string& folder, const std::string& report) {
  find_index(folder); // throws for a folder without one
  const std::vector<std::string> problems = verify_index(PackageFiles::in_folder(folder));
  for (const std::string& problem : problems)
    std::printf("%s\n", problem.c_str());
  std::printf("%s: %s\n", folder.c_str(), problems.empty() ? "a whole passage index" : "DAMAGED");
  if (problems.empty() && !report.empty())
    write_index_page(report, PassageIndex(PackageFiles::in_folder(folder), nullptr), {});
  return problems.empty() ? ExitStatus::done : ExitStatus::failed;
}

} // namespace

void add_verify(CLI::App& app, ExitStatus& status) {
  struct Options {
    std::string package, index, report;
    int threads = 0;
  };
  const auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand(
      "verify", "Check every byte of a package, and the numbers it computes; or every byte of a passage index");
  command->add_option("--package,package", options->package, "Package folder [found automatically]");
  CLI::Option* const index =
      command->add_option("--index", options->index, "A passage index's folder, instead of a package");
  command->add_option("--report", options->report, "Also write a page (HTML) about the index")->needs(index);
  add_threads_option(*command, options->threads);
  command->callback([options, &status] {
    status = options->index.empty() ? verify(options->package, options->threads)
                                    : verify_passages(options->index, options->report);
  });
}

} // namespace sciexam::inline cli

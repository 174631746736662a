// sciexam-run doctor: what a run would find on this machine, and what to do about what is missing.
#include "answer/locate.hpp"
#include "answer/package_use.hpp"
#include "cli/commands.hpp"
#include "cli/options.hpp"
#include "cli/version.hpp"
#include "inference/loading.hpp"
#include "inference/token_batches.hpp"
#include "kernels/bf16_gain.hpp"
#include "kernels/isa.hpp"
#include "model/runtime.hpp"
#include "retrieval/contexts/retriever.hpp"
#include "retrieval/index/bytes.hpp"
#include "support/clock.hpp"
#include "support/errors.hpp"
#include "support/files/files.hpp"
#include "support/machine/cpu.hpp"
#include "support/machine/memory.hpp"
#include "support/machine/threads.hpp"
#include "support/messages/progress.hpp"
#include "support/text/counted.hpp"
#include "support/text/numbers.hpp"

#include <algorithm>
#include <cstdio>
#include <memory>
#include <optional>
#include <thread>

#include <CLI/CLI.hpp>

namespace sciexam::inline cli {
namespace {

namespace fs = std::filesystem;

enum class Verdict { fine, warning, missing };

/// What was checked, what was found and, if that is wrong, what to do.
struct Finding {
  Verdict verdict;
  std::string what, found, remedy = {};
};

struct DoctorOptions {
  std::string package, test, output, index;
};

Finding check_processor() {
  const int threads = available_threads();
  const unsigned all = std::thread::hardware_concurrency();
  return {Verdict::fine, "processor",
          cpu_model() + ", " + cpu_features() + "; " + counted(threads, "thread") + " will be used" +
              (static_cast<unsigned>(threads) < all ? " of " + counted(all, "CPU") + " (affinity or container limit)"
                                                    : "") +
              "; " + chosen_kernels() + "; --precision bf16 is " +
              (chosen_isa() < Isa::avx512_bf16 ? "not for this CPU"
               : bf16_gain() < 1
                   ? "slower here than f32"
                   : "possible: its products are " + format_fixed(bf16_gain(), 1) + " times as fast as f32's")};
}

std::vector<Finding> check_gpus(const fs::path& folder) {
  const DeviceChoice choice = choose_devices({});
  DeviceSet devices(choice, folder);
  devices.open();
  std::error_code ignored;
  const bool expected = choice.insists || (choice.gpus && fs::exists("/dev/nvidiactl", ignored));
  std::vector<Finding> findings;
  for (const DeviceSet::Finding& found : devices.findings())
    findings.push_back(found.used || !(expected || found.there)
                           ? Finding{Verdict::fine, "GPU", found.text}
                           : Finding{Verdict::warning, "GPU", found.text,
                                     "The others or the CPU would answer. `nvidia-smi` says whether the driver works"});
  return findings;
}

/// Bytes that the package's largest model needs; 0 if no configuration can be read.
std::uint64_t memory_needed(const Package& package) {
  std::uint64_t most = 0;
  for (std::size_t model = 0; model < package.manifest().models.size(); ++model)
    try {
      most = std::max(most, answering_memory(package.config(model), package.manifest().models[model].dtype,
                                             Precision::as_stored, kTokenBudget));
    } catch (const PackageError&) {
      continue; // the check of the package names it
    }
  return most;
}

Finding check_memory(const std::optional<Package>& package) {
  const std::uint64_t available = available_memory();
  const std::uint64_t needed = package ? memory_needed(*package) : 0;
  const std::string found = (available == 0 ? "unknown" : format_memory(available) + " available") +
                            (needed > 0 ? ", about " + format_memory(needed) + " needed" : "");
  if (available > 0 && available < needed)
    return {Verdict::warning, "memory", found,
            "Smaller batches will be used, and models that do not fit left out: give the process more memory"};
  return {Verdict::fine, "memory", found};
}

/// What a run would stumble over when it opens the package's files; reading all of them is for `verify`.
std::string faults_of(const Package& package) {
  std::string faults;
  const auto check = [&](const auto& open) {
    try {
      open();
    } catch (const PackageError& error) {
      faults += (faults.empty() ? "" : "; ") + std::string(error.what());
    }
  };
  check([&] { package.vocabulary(); });
  for (std::size_t model = 0; model < package.manifest().models.size(); ++model)
    check([&] {
      package.config(model);
      package.open_model(model);
    });
  return faults;
}

Finding check_package(const std::string& given, std::optional<Package>& package) {
  try {
    const Located place = find_package(given);
    package.emplace(Package::open(place.path));
    const std::string found = describe(*package) + " in " + place.path.string() + " (" + place.reason + ")";
    if (const std::string faults = faults_of(*package); !faults.empty())
      return {Verdict::missing, "package", found + ": " + faults, "The models without faults would answer alone"};
    return {Verdict::fine, "package", found + "; `sciexam-run verify` checks every byte"};
  } catch (const Error& error) {
    return {Verdict::missing, "package", error.what(), "On Kaggle: Add Input, and choose your dataset"};
  }
}

Finding check_index(const std::string& given, const std::optional<Package>& package) {
  const bool is_needed = package && package->needs_context();
  try {
    const std::optional<Located> place = find_index(given);
    if (!place)
      return {is_needed ? Verdict::warning : Verdict::fine, "index",
              is_needed
                  ? "none: the models were trained with contexts and would answer without, unless the exam has them"
                  : "none; a closed-book package needs none",
              is_needed ? "On Kaggle: Add Input, and choose the index's dataset; at home: `sciexam-run index`" : ""};
    const PassageIndex index(PackageFiles::in_folder(place->path), nullptr);
    const Retriever retriever(index, {});
    std::string found = counted(index.manifest().counts.passages, "passage") + " in " + place->path.string() + " (" +
                        place->reason + "); `sciexam-run verify --index` checks every byte";
    const std::vector<LeftOutShard> left_out = index.left_out();
    if (left_out.empty())
      return {Verdict::fine, "index", found};
    for (const LeftOutShard& shard : left_out)
      found += "; " + shard.reason;
    return {Verdict::warning, "index", found, "The other passages would be used. " + std::string(kIndexRemedy)};
  } catch (const Error& error) {
    return {Verdict::warning, "index", error.what(), "A run would answer without it"};
  }
}

Finding check_exam(const std::string& given) {
  try {
    const Located place = find_test(given);
    const Exam exam = read_exam(place.path, {.answers_required = false});
    std::string found = counted(exam.questions.size(), "question") + (exam.has_context ? " with context" : "") +
                        (exam.has_answers ? " and answers" : "") + " in " + place.path.string() + " (" + place.reason +
                        ")";
    for (const std::string& note : notes_on(exam))
      found += "; " + note;
    return {Verdict::fine, "exam", found};
  } catch (const Error& error) {
    return {Verdict::missing, "exam", error.what(), "On Kaggle: Add Input, and choose the competition"};
  }
}

Finding check_output(const std::string& given) {
  const fs::path output = find_output(given);
  try {
    AtomicFile probe(output.parent_path() / "sciexam-doctor"); // never put in place
    probe.write(std::string_view("x"));
  } catch (const Error& error) {
    return {Verdict::missing, "output", error.what(), "Give another file with --output"};
  }
  const std::optional<std::uint64_t> free = free_disk(output);
  return {Verdict::fine, "output",
          output.string() + " can be written" + (free ? ", " + format_memory(*free) + " free" : "")};
}

Finding check_time() {
  if (!on_kaggle())
    return {Verdict::fine, "time", "not on Kaggle: a run's --time-limit counts from its start"};
  return {Verdict::fine, "time", "the notebook's session is " + format_duration(age_of_session(true)) + " old"};
}

ExitStatus diagnose(const DoctorOptions& options) {
  std::optional<Package> package;
  std::vector<Finding> findings = {{Verdict::fine, "program", version_line()}, check_processor()};
  const std::vector<Finding> gpus = check_gpus(fs::absolute(find_output(options.output)).parent_path());
  findings.insert(findings.end(), gpus.begin(), gpus.end());
  const Finding of_package = check_package(options.package, package);
  findings.insert(findings.end(), {check_memory(package), of_package, check_index(options.index, package),
                                   check_exam(options.test), check_output(options.output), check_time()});
  bool ready = true;
  for (const Finding& finding : findings) {
    const char* verdict = finding.verdict == Verdict::fine      ? "ok     "
                          : finding.verdict == Verdict::warning ? "warning"
                                                                : "MISSING";
    std::printf("%s  %-10s %s\n", verdict, finding.what.c_str(), finding.found.c_str());
    if (!finding.remedy.empty())
      std::printf("         %-10s -> %s\n", "", finding.remedy.c_str());
    ready = ready && finding.verdict != Verdict::missing;
  }
  std::printf(ready ? "A run will find everything it needs.\n" : "A run would fail: see MISSING above.\n");
  return ready ? ExitStatus::done : ExitStatus::failed;
}

} // namespace

void add_doctor(CLI::App& app, ExitStatus& status) {
  const auto options = std::make_shared<DoctorOptions>();
  CLI::App* command =
      app.add_subcommand("doctor", "Check machine, mounts and inputs: what a run would use, and what is missing");
  command->add_option("--package", options->package, "Package folder [found automatically]");
  command->add_option("--test", options->test, "The exam [found automatically]");
  command->add_option("--index", options->index, "Passage index [found automatically]");
  command->add_option("--output", options->output, "Submission that would be written [submission.csv]");
  command->callback([options, &status] { status = diagnose(*options); });
}

} // namespace sciexam::inline cli

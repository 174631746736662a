#include "cli/commands.hpp"
#include "cli/guidance.hpp"
#include "cli/help_format.hpp"
#include "cli/version.hpp"
#include "support/errors.hpp"
#include "support/machine/cpu.hpp"
#include "support/messages/progress.hpp"

#include <algorithm>
#include <exception>
#include <iostream>
#include <memory>
#include <new>
#include <string>
#include <string_view>
#include <vector>

#include <CLI/CLI.hpp>
#include <unistd.h>

namespace sciexam::inline cli {
namespace {

ExitStatus report(ExitStatus status, const std::string& text) {
  warn_line("sciexam-run: " + text);
  return status;
}

/// Where errors become text and exit status.
ExitStatus report_current_exception() {
  try {
    throw;
  } catch (const UsageError& error) {
    return report(ExitStatus::wrong_input, error.what());
  } catch (const InputError& error) {
    return report(ExitStatus::wrong_input, error.what());
  } catch (const InternalError& error) {
    return report(ExitStatus::failed, std::string("a bug in sciexam: ") + error.what() +
                                          ". Please report it with the command line and `sciexam-run --version`");
  } catch (const Error& error) {
    return report(ExitStatus::failed, error.what());
  } catch (const std::bad_alloc&) {
    return report(ExitStatus::failed, "memory ran out. Give the process more, or fewer --threads");
  } catch (const std::exception& error) {
    return report(ExitStatus::failed, std::string("unexpected: ") + error.what());
  }
}

/// The command whose help is asked for (`... --help`), or null. CLI11 would answer by an exception, and the first
/// exception of a static program sorts its unwind tables, which takes a fifth of the time of --help.
const CLI::App* help_wanted(const CLI::App& app, const std::vector<std::string>& words) {
  if (words.empty() || (words.back() != "--help" && words.back() != "-h"))
    return nullptr;
  const CLI::App* command = named_commands(app, words).back();
  return words.size() == 1 || command != &app ? command : nullptr;
}

void add_commands(CLI::App& app, ExitStatus& status) {
  add_answer(app, status);
  add_pack(app);
  add_verify(app, status);
  add_evaluate(app, status);
  add_doctor(app, status);
  add_tokenize(app);
  add_bench(app);
  add_data(app);
  add_index(app, status);
  add_retrieve(app, status);
  add_train(app, status);
  app.add_subcommand("completion", "Print a script that completes commands and options in bash")->callback([&app] {
    std::cout << bash_completion(app);
  });
}

} // namespace

ExitStatus run_command_line(int argc, const char* const* given) {
  if (!cpu_is_supported())
    return report(ExitStatus::wrong_input,
                  "this CPU lacks AVX2 and FMA (x86-64-v3), which every kernel here needs. Run "
                  "it on an Intel CPU of 2013 or later, or an AMD CPU of 2017 or later");
  std::vector<const char*> arguments(given, given + argc);
  if (argc > 1 && arguments[1] == std::string_view("--train"))
    arguments[1] = "train"; // both spellings are promised
  const char* const* argv = arguments.data();
  const std::vector<std::string> words(arguments.begin() + std::min(argc, 1), arguments.end());
  ExitStatus status = ExitStatus::done;
  CLI::App app("sciexam-run: answers multiple-choice science exams (LLM Science Exam) with an ensemble of\nDeBERTa "
               "models. Without a command it answers an exam: it finds the package, test.csv and the\nplace for "
               "submission.csv automatically.",
               "sciexam-run");
  app.set_version_flag("--version", version_text, "Print the versions of the program, its libraries and the kernels");
  app.require_subcommand(0, 1);
  app.footer("Exit status: 0 done; 1 the work failed; 2 the command line or an input file is wrong (nothing\n"
             "written); 3 done, but degraded: the last lines say how.");
  app.formatter(std::make_shared<HelpFormat>());
  add_commands(app, status);
  if (const CLI::App* command = help_wanted(app, words)) {
    std::string before;
    for (const CLI::App* outer = command->get_parent(); outer != nullptr; outer = outer->get_parent())
      before.insert(0, outer->get_name() + (before.empty() ? "" : " "));
    std::cout << command->help(before);
    return ExitStatus::done;
  }
  if (const auto wrong = unknown_word(app, words))
    return report(ExitStatus::wrong_input, *wrong);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error, std::cout, std::cerr) == 0 ? ExitStatus::done : ExitStatus::wrong_input;
  } catch (...) {
    status = report_current_exception();
  }
  if (argc == 1 && status == ExitStatus::wrong_input && ::isatty(STDERR_FILENO) != 0)
    std::cerr << '\n' << first_steps();
  return status;
}

} // namespace sciexam::inline cli

// The commands of sciexam-run, a file each. Every add_* function declares its
// options and what happens when the command is given.
#pragma once

namespace CLI {
class App;
}

namespace sciexam::inline cli {

/// The exit status that the command line promises.
enum class ExitStatus : int {
  done = 0,
  failed = 1,      ///< the work failed
  wrong_input = 2, ///< the command line or an input file is wrong; nothing was written
  degraded = 3,    ///< done, but not as well as could be; the last lines say how
};

void add_answer(CLI::App& app, ExitStatus& status); ///< no command given: answers an exam
void add_pack(CLI::App& app);
void add_verify(CLI::App& app, ExitStatus& status);
void add_evaluate(CLI::App& app, ExitStatus& status);
void add_tokenize(CLI::App& app);
void add_bench(CLI::App& app);
void add_doctor(CLI::App& app, ExitStatus& status);
void add_data(CLI::App& app);
void add_index(CLI::App& app, ExitStatus& status);
void add_retrieve(CLI::App& app, ExitStatus& status);
void add_train(CLI::App& app, ExitStatus& status);

/// Parses the command line and does what it says; every error ends here, as text and exit status.
ExitStatus run_command_line(int argc, const char* const* argv);

} // namespace sciexam::inline cli

#include "cli/commands.hpp"
#include "support/files/standard_streams.hpp"
#include "support/machine/threads.hpp"

#include <cstdio>
#include <cstdlib>
#include <iostream>

int main(int argc, char** argv) {
  sciexam::secure_standard_streams();
  sciexam::use_all_cpus();
  const int status = static_cast<int>(sciexam::run_command_line(argc, argv));
#ifdef SCIEXAM_INSTRUMENTED
  return status; // sanitizers and coverage report at exit
#else
  // Without static destructors: where memory ran out while LibTorch registered something, one of them throws, and a run
  // that has already reported its end would abort.
  std::cout.flush();
  std::fflush(nullptr);
  std::_Exit(status);
#endif
}

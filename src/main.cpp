#include "cli/commands.hpp"
#include "support/standard_streams.hpp"

int main(int argc, char** argv) {
  sciexam::secure_standard_streams();
  return static_cast<int>(sciexam::run_command_line(argc, argv));
}

#include "cli/commands.hpp"

int main(int argc, char** argv) {
  return static_cast<int>(sciexam::run_command_line(argc, argv));
}

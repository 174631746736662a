#include "end_to_end/program.hpp"

#include "temporary_folder.hpp"

#include <array>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <thread>

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace sciexam::test {
namespace {

std::vector<char*> pointers(const std::vector<std::string>& texts) {
  std::vector<char*> out;
  for (const std::string& text : texts)
    out.push_back(const_cast<char*>(text.c_str()));
  out.push_back(nullptr);
  return out;
}

} // namespace

std::string read_bytes(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in)
    throw std::runtime_error("cannot read " + file.string());
  return {std::istreambuf_iterator<char>(in), {}};
}

void write_bytes(const std::filesystem::path& file, const std::string& bytes) {
  std::ofstream out(file, std::ios::binary);
  if (!out.write(bytes.data(), static_cast<std::streamsize>(bytes.size())).flush())
    throw std::runtime_error("cannot write " + file.string());
}

std::filesystem::path program() {
  return SCIEXAM_PROGRAM;
}

bool can_run_in_empty_root() {
#ifdef SCIEXAM_DYNAMIC
  return false;
#else
  return ::geteuid() == 0;
#endif
}

ProgramResult run_command(const std::vector<std::string>& argv, const std::string& input,
                          const std::vector<std::string>& environment) {
  // Files rather than pipes: nothing can block.
  const TemporaryFolder folder;
  write_bytes(folder / "in", input);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, (folder / "in").c_str(), O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, 1, (folder / "out").c_str(), O_WRONLY | O_CREAT, 0600);
  posix_spawn_file_actions_addopen(&actions, 2, (folder / "err").c_str(), O_WRONLY | O_CREAT, 0600);
  std::vector<std::string> settings = environment;
  settings.push_back("PATH=/usr/sbin:/usr/bin:/sbin:/bin"); // for env, chroot, unshare; the program needs none
  pid_t child = 0;
  const int failed =
      ::posix_spawnp(&child, argv[0].c_str(), &actions, nullptr, pointers(argv).data(), pointers(settings).data());
  posix_spawn_file_actions_destroy(&actions);
  if (failed != 0)
    throw std::runtime_error("cannot start " + argv[0]);
  int status = 0;
  rusage usage = {};
  ::wait4(child, &status, 0, &usage);
  return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, read_bytes(folder / "out"), read_bytes(folder / "err"),
          static_cast<std::uint64_t>(usage.ru_maxrss) * 1024};
}

bool kill_after(const std::vector<std::string>& arguments, std::chrono::milliseconds time,
                const std::vector<std::string>& environment) {
  std::vector<std::string> all = arguments;
  all.insert(all.begin(), program().string());
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  for (const int output : {1, 2})
    posix_spawn_file_actions_addopen(&actions, output, "/dev/null", O_WRONLY, 0);
  pid_t child = 0;
  const int failed =
      ::posix_spawn(&child, all[0].c_str(), &actions, nullptr, pointers(all).data(), pointers(environment).data());
  posix_spawn_file_actions_destroy(&actions);
  if (failed != 0)
    throw std::runtime_error("cannot start " + all[0]);
  std::this_thread::sleep_for(time);
  ::kill(child, SIGKILL);
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFSIGNALED(status);
}

ProgramResult sciexam_run(std::vector<std::string> arguments, const std::string& input) {
  arguments.insert(arguments.begin(), program().string());
  return run_command(arguments, input);
}

} // namespace sciexam::test

#include "gpu/helper_image.hpp"
#include "support/errors.hpp"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <system_error>

#include <fcntl.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#ifndef MFD_EXEC
#define MFD_EXEC 0x0010U // Linux 6.3
#endif

namespace sciexam {
namespace {

class Descriptor {
public:
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() { reset(); }
  int number() const { return number_; }
  void reset() {
    if (number_ >= 0)
      ::close(number_);
    number_ = -1;
  }

private:
  int number_;
};

bool write_whole(int descriptor, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
    if (written < 0 && errno != EINTR)
      return false;
    bytes.remove_prefix(written > 0 ? static_cast<std::size_t>(written) : 0);
  }
  return true;
}

/// 0, or why not. `process` is the new one's id.
int spawn(const std::string& path, const std::vector<std::string>& arguments, const std::vector<int>& descriptors,
          pid_t& process) {
  std::vector<char*> argv = {const_cast<char*>("sciexam-gpu-helper")};
  for (const std::string& argument : arguments)
    argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  int failed = posix_spawn_file_actions_init(&actions);
  if (failed != 0)
    return failed;
  for (std::size_t i = 0; i < descriptors.size() && failed == 0; ++i)
    failed = posix_spawn_file_actions_adddup2(&actions, descriptors[i], static_cast<int>(3 + i));
  if (failed == 0)
    failed = ::posix_spawn(&process, path.c_str(), &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  return failed;
}

} // namespace

pid_t start_helper(const std::vector<std::string>& arguments, const std::vector<int>& given,
                   const std::filesystem::path& folder) {
  const std::string image = helper_image();
  // Their places in the new process must not be places of theirs here.
  constexpr int kAboveAllPlaces = 16;
  std::vector<int> descriptors;
  const auto close_all = [&] {
    for (const int descriptor : descriptors)
      ::close(descriptor);
  };
  for (const int descriptor : given)
    descriptors.push_back(::fcntl(descriptor, F_DUPFD_CLOEXEC, kAboveAllPlaces));

  pid_t process = 0;
  int failed = 0;
  {
    int number = ::memfd_create("sciexam-gpu-helper", MFD_CLOEXEC | MFD_EXEC);
    if (number < 0 && errno == EINVAL) // before Linux 6.3 all are executable
      number = ::memfd_create("sciexam-gpu-helper", MFD_CLOEXEC);
    const Descriptor first(number), memory(::fcntl(number, F_DUPFD_CLOEXEC, kAboveAllPlaces));
    failed = memory.number() < 0 || !write_whole(memory.number(), image)
                 ? errno
                 : spawn("/proc/self/fd/" + std::to_string(memory.number()), arguments, descriptors, process);
  }
  if (failed != 0 && !folder.empty()) {
    std::string name = (folder / ".sciexam-gpu-helper.XXXXXX").string();
    Descriptor file(::mkostemp(name.data(), O_CLOEXEC));
    if (file.number() >= 0) {
      const bool written = write_whole(file.number(), image) && ::fchmod(file.number(), S_IRWXU) == 0;
      file.reset(); // nothing is executed while it is open for writing
      failed = written ? spawn(name, arguments, descriptors, process) : errno;
      ::unlink(name.c_str());
    }
  }
  close_all();
  if (failed != 0)
    throw WorkError("the GPUs' helper cannot be started (" + std::system_category().message(failed) +
                    "): let programs be executed from memory or from the output's folder");
  return process;
}

} // namespace sciexam

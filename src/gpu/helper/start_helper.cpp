#include "gpu/helper/start_helper.hpp"

#include "gpu/helper/helper_image.hpp"
#include "support/errors.hpp"
#include "support/files/descriptor.hpp"

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

namespace sciexam::inline gpu {
namespace {

constexpr const char* kName = "sciexam-gpu-helper";
constexpr const char* kLoader = "/lib64/ld-linux-x86-64.so.2"; ///< that the helper's executable names
constexpr int kFirstPlace = 3;                                 ///< of the descriptors in the new process
constexpr int kAboveAllPlaces = 16;                            ///< ours are duplicated to here, out of their way

/// A helper's start.
struct HelperStart {
  const std::vector<std::string>& arguments;
  std::vector<Descriptor> descriptors = {};
  pid_t process = 0; ///< once it runs
};

/// These return 0 or an errno.
int write_whole(const Descriptor& file, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(file.number(), bytes.data(), bytes.size());
    if (written < 0 && errno != EINTR)
      return errno;
    bytes.remove_prefix(written > 0 ? static_cast<std::size_t>(written) : 0);
  }
  return 0;
}

int spawn(const std::string& path, HelperStart& start) {
  std::vector<char*> argv = {const_cast<char*>(kName)};
  for (const std::string& argument : start.arguments)
    argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  int failed = posix_spawn_file_actions_init(&actions);
  if (failed != 0)
    return failed;
  int place = kFirstPlace;
  for (const Descriptor& descriptor : start.descriptors)
    if (failed == 0)
      failed = posix_spawn_file_actions_adddup2(&actions, descriptor.number(), place++);
  if (failed == 0)
    failed = ::posix_spawn(&start.process, path.c_str(), &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  return failed;
}

int start_from_memory(std::string_view image, HelperStart& start) {
  Descriptor made(::memfd_create(kName, MFD_CLOEXEC | MFD_EXEC));
  if (!made && errno == EINVAL) // before Linux 6.3 every memfd is executable
    made = Descriptor(::memfd_create(kName, MFD_CLOEXEC));
  if (!made)
    return errno;
  const Descriptor memory(::fcntl(made.number(), F_DUPFD_CLOEXEC, kAboveAllPlaces));
  if (!memory)
    return errno;
  const int failed = write_whole(memory, image);
  return failed != 0 ? failed : spawn("/proc/self/fd/" + std::to_string(memory.number()), start);
}

int start_from_file(std::string_view image, HelperStart& start, const std::filesystem::path& folder) {
  std::string name = (folder / ("." + std::string(kName) + ".XXXXXX")).string();
  Descriptor file(::mkostemp(name.data(), O_CLOEXEC));
  if (!file)
    return errno;
  int failed = write_whole(file, image);
  if (failed == 0 && ::fchmod(file.number(), S_IRWXU) != 0)
    failed = errno;
  file.reset(); // a file that is open for writing cannot be executed
  if (failed == 0)
    failed = spawn(name, start);
  ::unlink(name.c_str());
  return failed;
}

} // namespace

pid_t start_helper(const std::vector<std::string>& arguments, const std::vector<int>& given,
                   const std::filesystem::path& folder) {
  const auto words = [](int number) { return std::system_category().message(number); };
  HelperStart start{arguments};
  for (const int descriptor : given) {
    start.descriptors.emplace_back(::fcntl(descriptor, F_DUPFD_CLOEXEC, kAboveAllPlaces));
    if (!start.descriptors.back())
      throw WorkError("no channel to the GPU helper: " + words(errno));
  }
  const std::string image = helper_image();
  int failed = start_from_memory(image, start);
  if (failed == 0)
    return start.process;
  std::string why = "from memory: " + words(failed);
  if (!folder.empty()) {
    failed = start_from_file(image, start, folder);
    if (failed == 0)
      return start.process;
    why += "; from a file in " + folder.string() + ": " + words(failed);
  }
  if (::access(kLoader, X_OK) != 0)
    why = std::string("it needs glibc 2.34 or newer, and there is no ") + kLoader;
  throw WorkError("the GPU helper does not start: " + why);
}

} // namespace sciexam::inline gpu

// The helper: a dynamic process beside the static program, because only it can load NVIDIA's driver. One per device.
//     helper ORDINAL PARENT, with a socket and shared memory as descriptors 3 and 4 (protocol.hpp)
#include "gpu/helper/server.hpp"

#include <csignal>
#include <cstdlib>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace {

/// It ends when the program does, and only then: a terminal's Ctrl-C reaches both, and the program decides.
void depend_on(int parent) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent)
    std::_Exit(EXIT_FAILURE); // the program ended before the call above
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT})
    std::signal(signal, SIG_IGN);
}

/// Standard error stays open for the driver's own messages.
void close_what_is_not_needed() {
  const int null = ::open("/dev/null", O_RDWR);
  for (const int stream : {STDIN_FILENO, STDOUT_FILENO})
    if (null < 0 || ::dup2(null, stream) < 0)
      ::close(stream);
  ::syscall(SYS_close_range, sciexam::protocol::kSharedMemory + 1, ~0U, 0);
}

} // namespace

int main(int argc, char** argv) {
  using namespace sciexam;
  if (argc != 3)
    return EXIT_FAILURE;
  depend_on(std::atoi(argv[2]));
  close_what_is_not_needed();
  void* memory =
      ::mmap(nullptr, sizeof(protocol::SharedMemory), PROT_READ | PROT_WRITE, MAP_SHARED, protocol::kSharedMemory, 0);
  if (memory == MAP_FAILED)
    return EXIT_FAILURE;
  DeviceServer server(*static_cast<protocol::SharedMemory*>(memory));
  try {
    server.serve(std::atoi(argv[1]));
  } catch (const DeviceError& error) {
    server.report_failure(error.fault(), error.what());
  } catch (const std::exception& error) {
    server.report_failure(DeviceFault::device_lost, error.what());
  }
  std::_Exit(EXIT_SUCCESS); // a broken context's destructors may hang
}

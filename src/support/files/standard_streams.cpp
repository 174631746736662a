#include "support/files/standard_streams.hpp"

#include <cerrno>
#include <csignal>
#include <initializer_list>

#include <fcntl.h>
#include <unistd.h>

namespace sciexam::inline support {

void secure_standard_streams() {
  for (const int descriptor : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
    if (::fcntl(descriptor, F_GETFD) < 0 && errno == EBADF) {
      // open returns the lowest free number: this one, since those below it are open by now.
      const int opened = ::open("/dev/null", descriptor == STDIN_FILENO ? O_RDONLY : O_WRONLY);
      if (opened >= 0 && opened != descriptor)
        ::close(opened);
    }
  std::signal(SIGPIPE, SIG_IGN);
}

} // namespace sciexam::inline support

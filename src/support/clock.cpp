#include "support/clock.hpp"

#include <algorithm>
#include <ctime>
#include <fstream>
#include <iterator>
#include <optional>
#include <sstream>
#include <string>

#include <unistd.h>

namespace sciexam::inline support {
namespace {

constexpr int kStartTimeField = 22; // of /proc/PID/stat, in clock ticks since boot: see proc(5)

/// Seconds from boot to the start of a process.
std::optional<double> start_of(const std::string& process) {
  std::ifstream file("/proc/" + process + "/stat");
  std::string text{std::istreambuf_iterator<char>(file), {}};
  const std::size_t name_end = text.rfind(')'); // field 2, the program's name, may contain spaces and parentheses
  if (name_end == std::string::npos)
    return std::nullopt;
  std::istringstream fields(text.substr(name_end + 1));
  std::string field;
  for (int number = 3; number <= kStartTimeField; ++number)
    fields >> field;
  const long ticks_per_second = sysconf(_SC_CLK_TCK);
  if (!fields || field.empty() || field.find_first_not_of("0123456789") != std::string::npos || ticks_per_second <= 0)
    return std::nullopt;
  return std::stod(field) / static_cast<double>(ticks_per_second);
}

} // namespace

double BootClock::seconds() const {
  timespec time{};
  clock_gettime(CLOCK_BOOTTIME, &time); // cannot fail for a clock that exists, which it does since Linux 2.6.39
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

double age_of_session(bool container) {
  const double now = BootClock().seconds();
  std::optional<double> start = container ? start_of("1") : std::nullopt;
  if (!start)
    start = start_of("self");
  return start && *start < now ? now - *start : 0;
}

TimeLeft time_left_of(double limit, bool notebook) {
  const double session = notebook ? age_of_session(true) : limit;
  const bool of_session = session < limit;
  return {std::max(0.0, limit - (of_session ? session : age_of_session(false))), of_session};
}

} // namespace sciexam::inline support

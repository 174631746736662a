#include "support/messages/event_log.hpp"

#include "support/errors.hpp"
#include "support/messages/terminal.hpp"

#include <cerrno>
#include <chrono>
#include <cstring>
#include <fstream>
#include <mutex>

namespace sciexam::inline support {
namespace {

std::mutex event_mutex; // guards the stream

/// Not open where there is no log.
std::ofstream& event_stream() {
  static std::ofstream stream;
  return stream;
}

} // namespace

void open_event_log(const std::filesystem::path& file) {
  const std::lock_guard lock(event_mutex);
  std::ofstream& stream = event_stream();
  stream.close();
  stream.clear();
  errno = 0;
  stream.open(file, std::ios::binary | std::ios::trunc);
  if (!stream)
    throw WorkError(file.string() + ": cannot be created: " + std::strerror(errno) +
                    ". Check that its folder exists and is writable");
}

bool event_log_is_open() {
  const std::lock_guard lock(event_mutex);
  return event_stream().is_open();
}

void log_event(std::string_view event, const Json& facts) {
  const std::lock_guard lock(event_mutex);
  std::ofstream& stream = event_stream();
  if (!stream.is_open())
    return;
  const std::chrono::duration<double> now = std::chrono::system_clock::now().time_since_epoch();
  Json line = {{"time", now.count()}, {"event", event}};
  line.update(facts);
  stream << line.dump(-1, ' ', false, Json::error_handler_t::replace) << std::endl;
  if (stream)
    return;
  stream.close();
  terminal().show_warning("the event log cannot be written any more (disk full?); the run continues without it");
}

} // namespace sciexam::inline support

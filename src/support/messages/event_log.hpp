// What happens during a run as JSON lines, for programs that watch it.
#pragma once

#include "support/text/json.hpp"

#include <filesystem>
#include <string_view>

namespace sciexam {

/// Opens `file` anew; log_event() writes there from now on. Throws WorkError if it cannot be made.
void open_event_log(const std::filesystem::path& file);

/// True while a log is open: for callers that have many events to describe.
bool event_log_is_open();

/// Appends a line {"time": seconds since 1970, "event": `event`, ...the members of `facts`}, at once readable;
/// nothing if no log is open. A line that cannot be written (disk full) is told once and does not end the work.
void log_event(std::string_view event, const Json& facts);

} // namespace sciexam

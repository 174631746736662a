// What happens during a run as JSON lines, for programs that watch it.
#pragma once

#include "support/text/json.hpp"

#include <filesystem>
#include <string_view>

namespace sciexam::inline support {

/// Creates or empties `file`; log_event() writes there from now on. Throws WorkError if it cannot be created.
void open_event_log(const std::filesystem::path& file);

/// True while a log is open; spares callers the work of describing events that nobody reads.
bool event_log_is_open();

/// Appends the line {"time": seconds since 1970, "event": `event`, ...the members of `facts`} and flushes it; does
/// nothing if no log is open. Any thread may call it. If a line cannot be written (disk full), the log is closed with
/// one warning and the work continues.
void log_event(std::string_view event, const Json& facts);

} // namespace sciexam::inline support

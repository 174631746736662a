// Makes standard input, output and error safe to rely on.
#pragma once

namespace sciexam::inline support {

/// Opens /dev/null in place of those that the caller has closed; otherwise a file opened later would get their number,
/// and messages would be written into it. Also makes writes to a pipe without a reader (`sciexam-run | head -1`) fail
/// instead of ending the program before its work is done. Call it first.
void secure_standard_streams();

} // namespace sciexam::inline support

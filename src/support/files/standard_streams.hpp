// Standard input, output and error as a program may rely on them.
#pragma once

namespace sciexam {

/// Opens /dev/null for those of the three that the caller closed: a file opened later would take their number, and
/// messages would be written into it. A pipe that nobody reads any more (`sciexam-run | head -1`) then makes
/// writes fail rather than end the program before its work is done. Call it first.
void secure_standard_streams();

} // namespace sciexam

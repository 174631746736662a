// Instructions that the linker makes itself, and special registers.
#pragma once

#include "ptx_emulator/program/instruction.hpp"

#include <string_view>

namespace sciexam::emulated {

void run_call(Warp& warp, const Instruction& instruction);
void run_return(Warp& warp, const Instruction& instruction);

/// Bytes of a special register (without %), 0 if there is none of that name.
unsigned special_bytes(std::string_view name);

} // namespace sciexam::emulated

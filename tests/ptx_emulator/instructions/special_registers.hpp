// %tid and its like.
#pragma once

#include "ptx_emulator/machine/warp.hpp"
#include "ptx_emulator/program/program.hpp"

namespace sciexam::emulated {

/// Gives a warp's lanes the values that they have through the whole block.
void fill_special(Warp& warp, const SpecialRegister& special);

} // namespace sciexam::emulated

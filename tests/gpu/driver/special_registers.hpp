// %tid and its like.
#pragma once

#include "program.hpp"
#include "warp.hpp"

namespace sciexam::emulated {

/// Gives a warp's lanes the values that they have through the whole block.
void fill_special(Warp& warp, const SpecialRegister& special);

} // namespace sciexam::emulated

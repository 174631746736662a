// The kernels of the instruction set that this file is compiled for.
#pragma once

#include "kernels/per_isa/attention.hpp"
#include "kernels/per_isa/dense.hpp"

namespace sciexam::inline kernels::per_isa {
namespace {

constexpr KernelTable kTable = {kExact, kRounded,           kPanelColumns,      &dense_scratch,
                                &dense, &add_and_normalise, &attention_scratch, &pack_table,
                                &attend};

} // namespace
} // namespace sciexam::inline kernels::per_isa

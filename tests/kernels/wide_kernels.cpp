// The kernels as they are for AVX-512, sixteen numbers at once, in instructions that every CPU has that runs sciexam:
// so that their tiles and edges are tested where there is no AVX-512.
#define SCIEXAM_EMULATE_WIDE_VECTORS
#include "kernels/per_isa/table.hpp"

namespace sciexam::test {

extern const KernelTable kWideKernels; // declared in every_kernel_table.cpp
const KernelTable kWideKernels = per_isa::kTable;

} // namespace sciexam::test

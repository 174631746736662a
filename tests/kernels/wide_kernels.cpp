// The kernels as they are for AVX-512, sixteen numbers at once, in instructions that every CPU has that runs sciexam:
// so that their tiles and edges are tested where there is no AVX-512.
#define SCIEXAM_EMULATE_WIDE_VECTORS
#include "kernels/per_isa/attention.hpp"
#include "kernels/per_isa/dense.hpp"

namespace sciexam::test {

extern const KernelTable kWideKernels; // declared in every_kernel_table.cpp
const KernelTable kWideKernels = {per_isa::kTileRows, per_isa::kPanelColumns,      &per_isa::dense_scratch,
                                  &per_isa::dense,    &per_isa::add_and_normalise, &per_isa::attention_scratch,
                                  &per_isa::attend};

} // namespace sciexam::test

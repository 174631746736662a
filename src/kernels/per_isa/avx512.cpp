// Compiled for AVX-512 F, VL and DQ (CMakeLists.txt).
#include "kernels/per_isa/attention.hpp"
#include "kernels/per_isa/dense.hpp"

namespace sciexam::per_isa {

const KernelTable kAvx512Kernels = {kTileRows,          kPanelColumns,      &dense_scratch, &dense,
                                    &add_and_normalise, &attention_scratch, &attend};

} // namespace sciexam::per_isa

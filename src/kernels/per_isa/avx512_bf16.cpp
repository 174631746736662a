// Compiled for AVX-512 F, VL, DQ, BW, VNNI and BF16 (CMakeLists.txt).
#include "kernels/per_isa/table.hpp"

namespace sciexam::inline kernels::per_isa {

const KernelTable kAvx512Bf16Kernels = kTable;

} // namespace sciexam::inline kernels::per_isa

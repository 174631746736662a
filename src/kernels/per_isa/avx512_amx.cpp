// Compiled for AVX-512 F, VL, DQ, BW, VNNI and BF16, and AMX with products of bf16 and bytes (CMakeLists.txt).
#include "kernels/per_isa/table.hpp"

namespace sciexam::inline kernels::per_isa {

const KernelTable kAvx512AmxKernels = kTable;

} // namespace sciexam::inline kernels::per_isa

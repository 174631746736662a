// Compiled for AVX-512 F, VL, DQ, BW and VNNI (CMakeLists.txt).
#include "kernels/per_isa/table.hpp"

namespace sciexam::inline kernels::per_isa {

const KernelTable kAvx512VnniKernels = kTable;

} // namespace sciexam::inline kernels::per_isa

// Compiled for AVX-512 F, VL, DQ and BW (CMakeLists.txt).
#include "kernels/per_isa/table.hpp"

namespace sciexam::inline kernels::per_isa {

const KernelTable kAvx512Kernels = kTable;

} // namespace sciexam::inline kernels::per_isa

// Compiled for AVX2 and FMA (CMakeLists.txt).
#include "kernels/per_isa/table.hpp"

namespace sciexam::inline kernels::per_isa {

const KernelTable kAvx2Kernels = kTable;

} // namespace sciexam::inline kernels::per_isa

// Compiled for AVX2 and FMA (CMakeLists.txt).
#include "kernels/per_isa/table.hpp"

namespace sciexam::per_isa {

const KernelTable kAvx2Kernels = kTable;

} // namespace sciexam::per_isa

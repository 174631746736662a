// per_isa/avx512.cpp on SIMDe.
#include "kernels/avx512_in_software.hpp"
#include "kernels/per_isa/table.hpp"

namespace sciexam::test {

extern const KernelTable kSoftwareAvx512; // declared in every_kernel_table.cpp
const KernelTable kSoftwareAvx512 = per_isa::kTable;

} // namespace sciexam::test

// per_isa/avx512_vnni.cpp on SIMDe.
#include "kernels/avx512_in_software.hpp"
#define __AVX512VNNI__ 1 // NOLINT(bugprone-reserved-identifier)
#include "kernels/per_isa/table.hpp"

namespace sciexam::test {

extern const KernelTable kSoftwareAvx512Vnni; // declared in every_kernel_table.cpp
const KernelTable kSoftwareAvx512Vnni = per_isa::kTable;

} // namespace sciexam::test

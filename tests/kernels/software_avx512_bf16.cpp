// per_isa/avx512_bf16.cpp on SIMDe.
#include "kernels/avx512_in_software.hpp"
#define __AVX512VNNI__ 1 // NOLINT(bugprone-reserved-identifier)
#define __AVX512BF16__ 1 // NOLINT(bugprone-reserved-identifier)
#include "kernels/per_isa/table.hpp"

namespace sciexam::test {

extern const KernelTable kSoftwareAvx512Bf16; // declared in every_kernel_table.cpp
const KernelTable kSoftwareAvx512Bf16 = per_isa::kTable;

} // namespace sciexam::test

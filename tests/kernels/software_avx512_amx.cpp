// per_isa/avx512_amx.cpp on SIMDe and an emulation of the unit.
#include "kernels/avx512_in_software.hpp"
// After SIMDe: it uses its flushed().
#include "kernels/amx_in_software.hpp"
#define __AVX512VNNI__ 1 // NOLINT(bugprone-reserved-identifier)
#define __AVX512BF16__ 1 // NOLINT(bugprone-reserved-identifier)
#include "kernels/per_isa/table.hpp"

namespace sciexam::test {

extern const KernelTable kSoftwareAvx512Amx; // declared in every_kernel_table.cpp
const KernelTable kSoftwareAvx512Amx = per_isa::kTable;

} // namespace sciexam::test

#include "kernels/kernel_table.hpp"

#include "kernels/isa.hpp"

namespace sciexam {

const KernelTable& kernel_table() {
  return chosen_isa() == Isa::avx512 ? per_isa::kAvx512Kernels : per_isa::kAvx2Kernels;
}

} // namespace sciexam

#include "kernels/kernel_table.hpp"

#include "kernels/isa.hpp"

namespace sciexam::inline kernels {

const KernelTable& kernel_table() {
  switch (chosen_isa()) {
  case Isa::avx512_amx:
    return per_isa::kAvx512AmxKernels;
  case Isa::avx512_bf16:
    return per_isa::kAvx512Bf16Kernels;
  case Isa::avx512_vnni:
    return per_isa::kAvx512VnniKernels;
  case Isa::avx512:
    return per_isa::kAvx512Kernels;
  case Isa::avx2:
    break;
  }
  return per_isa::kAvx2Kernels;
}

} // namespace sciexam::inline kernels

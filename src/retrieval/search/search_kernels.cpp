#include "retrieval/search/search_kernels.hpp"

#include "kernels/isa.hpp"

namespace sciexam::inline retrieval {

const SearchKernels& search_kernels() {
  return chosen_isa() == Isa::avx2 ? per_isa::kAvx2Search : per_isa::kAvx512Search;
}

} // namespace sciexam::inline retrieval

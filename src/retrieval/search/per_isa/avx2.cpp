// Compiled for AVX2 and FMA (CMakeLists.txt).
#include "retrieval/search/per_isa/search_table.hpp"

namespace sciexam::inline retrieval::per_isa {

const SearchKernels kAvx2Search = kSearchTable;

} // namespace sciexam::inline retrieval::per_isa

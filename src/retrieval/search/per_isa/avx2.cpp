// Compiled for AVX2 and FMA (CMakeLists.txt).
#include "retrieval/search/per_isa/search_table.hpp"

namespace sciexam::inline retrieval {
namespace per_isa {

const SearchKernels kAvx2Search = kSearchTable;

} // namespace per_isa
} // namespace sciexam::inline retrieval

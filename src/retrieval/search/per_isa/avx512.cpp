// Compiled for AVX-512 F, VL, DQ and BW (CMakeLists.txt).
#include "retrieval/search/per_isa/search_table.hpp"

namespace sciexam::inline retrieval {
namespace per_isa {

const SearchKernels kAvx512Search = kSearchTable;

} // namespace per_isa
} // namespace sciexam::inline retrieval

// Dropout masks as a function of the element's position: nothing is stored, and the backward pass recomputes the
// same mask.
#pragma once

#include "support/random.hpp"

#include <cstddef>
#include <cstdint>

namespace sciexam::inline kernels {

/// out[i] = 0 with `probability`, else in[i] / (1 - probability), for element
/// `first` + i of the stream. `in` may be `out`.
void apply_dropout(const RandomStream& stream, std::uint64_t first, double probability, const float* in, float* out,
                   std::size_t count);
void apply_dropout(const RandomStream& stream, std::uint64_t first, double probability, const double* in, double* out,
                   std::size_t count);

} // namespace sciexam::inline kernels

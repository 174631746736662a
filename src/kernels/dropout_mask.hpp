// Dropout masks as a function of the element's position: nothing is stored, and the backward pass recomputes the
// same mask.
#pragma once

#include "support/random.hpp"

#include <cstddef>
#include <cstdint>

namespace sciexam::inline kernels {

/// The places of one forward pass that have a mask of their own.
enum class DropoutSite : std::uint32_t {
  embeddings,
  pooler,
  classifier,
  convolution,
  // One of each per layer:
  attention_probabilities,
  attention_output,
  layer_output,
  relative_embeddings,
  first_free, ///< their number
};

/// The random words of one place; `step` is the optimiser step, `pass` the forward pass within it, `layer` counts from
/// 0 and is 0 outside the layers.
inline RandomStream dropout_stream(std::uint64_t seed, std::uint32_t step, std::uint32_t pass, DropoutSite site,
                                   std::int64_t layer) {
  constexpr auto kSites = static_cast<std::uint32_t>(DropoutSite::first_free);
  const std::uint32_t place = static_cast<std::uint32_t>(layer) * kSites + static_cast<std::uint32_t>(site);
  return {seed, {place, pass, step}};
}

/// out[i] = 0 with `probability`, else in[i] / (1 - probability), for element
/// `first` + i of the stream. `in` may be `out`.
void apply_dropout(const RandomStream& stream, std::uint64_t first, double probability, const float* in, float* out,
                   std::size_t count);
void apply_dropout(const RandomStream& stream, std::uint64_t first, double probability, const double* in, double* out,
                   std::size_t count);

} // namespace sciexam::inline kernels

// A smaller student's initial weights: some of a checkpoint's layers, and everything else that it has.
#pragma once

#include "checkpoint/weight_source.hpp"

#include <cstdint>
#include <memory>
#include <vector>

namespace sciexam::inline checkpoint {

/// `source` as a checkpoint of layers.size() layers: layer i is the source's layer layers[i]. Its other layers are left
/// out; embeddings, the table of relative positions and the head stay (as Sanh et al. 2019, DistilBERT, section 3,
/// start a student). Throws InputError for a layer that the source does not have.
std::unique_ptr<WeightSource> with_layers(std::unique_ptr<WeightSource> source,
                                          const std::vector<std::int64_t>& layers);

} // namespace sciexam::inline checkpoint

// The weights that a run starts from.
#pragma once

#include "model/deberta.hpp"

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace sciexam::inline train {

/// Fresh weights as transformers' DebertaV2PreTrainedModel._init_weights makes them (dense layers and embeddings
/// normal with initializer_range, biases 0, LayerNorm 1 and 0, the padding token's row 0), by our own generator:
/// the same for the same seed on every machine.
void initialise_weights(const DebertaForMultipleChoice& network, std::uint64_t seed);

/// Loads `checkpoint`, a folder or a file of weights, or, if `layers` names any, those of its layers and all else; a
/// head that it lacks (pooler, classifier) is left as it is, which
/// is logged. Throws as load_weights().
void load_base_weights(DebertaForMultipleChoice& network, const std::filesystem::path& checkpoint,
                       const std::vector<std::int64_t>& layers, int threads);

} // namespace sciexam::inline train

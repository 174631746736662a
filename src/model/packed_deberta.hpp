// DeBERTa-v2/v3 for multiple choice, packed: the network that answers on this CPU. The layers' dense weights lie in the
// order of the CPU's kernels, in the format in which they are multiplied. Held against the reference (deberta.hpp).
#pragma once

#include "kernels/packed_matrix.hpp"
#include "kernels/workspace.hpp"
#include "model/answering_network.hpp"
#include "model/named_tensors.hpp"
#include "model/network_frame.hpp"
#include "model/packed_layer.hpp"
#include "model/relative_tables.hpp"
#include "model/weight_place.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace sciexam::inline model {

/// How a packed network keeps its weights.
struct PackedFormats {
  StoredWeights dense = StoredWeights::f32; ///< of the layers' dense parts
  std::set<std::string> int8_groups = {};   ///< the dense groups (checkpoint/int8_tensors.hpp) that are int8 instead
  bool f16_embeddings = false;              ///< word embeddings as f16, else as f32
};

class PackedDeberta final : public AnsweringNetwork {
public:
  /// All parameters exist, uninitialised. Throws InternalError for a configuration that cannot be packed
  /// (can_be_packed()), std::bad_alloc.
  PackedDeberta(DebertaConfig config, const PackedFormats& formats);

  const DebertaConfig& config() const noexcept override { return frame_.config(); }
  /// Where the elements of a parameter go. Valid while the network lives.
  WeightPlace place_of(const std::string& name);
  /// To be called when all elements are in place.
  void complete();
  /// Parameters that are not in packed layers.
  const std::vector<NamedTensor>& unpacked() const noexcept { return tensors_.all(); }

  /// The time that layers took since the last call.
  LayerTimes take_times();

private:
  std::optional<NetworkOutput> run(const PackedSequences& batch, const AnsweringOptions& options) override;
  void project_for(std::int64_t longest);

  std::vector<PackedLayer> layers_;
  std::map<std::string, PackedRows> packed_rows_; ///< of each parameter in layers_
  NamedTensors tensors_;                          ///< of the others
  NetworkFrame frame_;
  // What a pass leaves for the next one:
  std::vector<RelativeTables> tables_; ///< of each layer
  std::int64_t tables_reach_ = 0;      ///< the longest sequence that they serve
  Workspace workspace_;
  LayerTimes times_;
};

} // namespace sciexam::inline model

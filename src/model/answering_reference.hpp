// The reference network as one that answers.
#pragma once

#include "model/answering_network.hpp"
#include "model/deberta.hpp"

#include <vector>

namespace sciexam::inline model {

class AnsweringReference final : public AnsweringNetwork {
public:
  /// Shares the network's weights, which must not change while it lives: its relative tables are projected once, here.
  explicit AnsweringReference(DebertaForMultipleChoice network);

  const DebertaConfig& config() const noexcept override { return network_.config(); }

private:
  std::optional<NetworkOutput> run(const PackedSequences& batch, const AnsweringOptions& options) override;

  DebertaForMultipleChoice network_;
  std::vector<RelativeTables> tables_;
};

} // namespace sciexam::inline model

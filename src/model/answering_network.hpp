// A network that answers questions: packed for this CPU, or, where its configuration cannot be packed, the reference.
#pragma once

#include "checkpoint/config.hpp"
#include "model/network_io.hpp"

#include <optional>

namespace sciexam::inline model {

struct AnsweringOptions {
  bool with_hidden_states = false;
  StopRequest stop = nullptr;
};

/// One pass at a time.
class AnsweringNetwork {
public:
  AnsweringNetwork() = default;
  AnsweringNetwork(const AnsweringNetwork&) = delete;
  AnsweringNetwork& operator=(const AnsweringNetwork&) = delete;
  virtual ~AnsweringNetwork() = default;

  virtual const DebertaConfig& config() const noexcept = 0;
  /// Nothing where options.stop ended the pass. To be called with gradients disabled. Throws UsageError if a sequence
  /// is longer than a table of absolute positions.
  std::optional<NetworkOutput> forward(const PackedSequences& batch, const AnsweringOptions& options = {}) {
    return run(batch, options);
  }

private:
  virtual std::optional<NetworkOutput> run(const PackedSequences& batch, const AnsweringOptions& options) = 0;
};

} // namespace sciexam::inline model

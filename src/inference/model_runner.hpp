// What runs the models of an ensemble, one at a time.
#pragma once

#include "inference/logits.hpp"
#include "support/errors.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

namespace sciexam {

inline constexpr double kNoTimeLimit = 1e9; ///< seconds

/// Thrown by ModelRunner::answer() when the batch needs more memory than there is.
class OutOfMemory : public WorkError {
  using WorkError::WorkError;
};

/// What runs the models: the network, or a simulation of it.
class ModelRunner {
public:
  ModelRunner() = default;
  ModelRunner(const ModelRunner&) = delete;
  ModelRunner& operator=(const ModelRunner&) = delete;
  virtual ~ModelRunner() = default;
  /// Makes this model the one that answers; false if it cannot be used, which the runner has then told.
  virtual bool load(std::size_t model) = 0;
  /// Told once it is known that not everything fits into the time: whatever can compute should.
  virtual void hurry() {}
  /// One element a question. Asks `stop` many times on the way and gives nothing once that is true. Sequences
  /// longer than max_length are cut to it. After an OutOfMemory a smaller batch may be asked for.
  virtual std::optional<std::vector<OptionLogits>>
  answer(std::span<const std::size_t> questions, std::int64_t max_length, const std::function<bool()>& stop) = 0;
};

} // namespace sciexam

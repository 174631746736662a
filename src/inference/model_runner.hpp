// What runs the models of an ensemble, one at a time.
#pragma once

#include "inference/logits.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>

namespace sciexam::inline inference {

/// What became of a batch of questions.
struct BatchAnswers {
  enum class End {
    complete,      ///< every question has an answer
    stopped,       ///< `stop` became true
    out_of_memory, ///< the others need more memory at once than there is: a smaller batch may be asked for
    impossible,    ///< nothing that could answer the others can hold the model; different questions may be asked for
    model_lost,    ///< the model can no longer answer any question
  };
  PartialAnswers logits; ///< an element per question of the batch
  End end = End::complete;
  std::string why = {}; ///< for impossible and model_lost
};

/// What runs the models: the networks, or a simulation of them.
class ModelRunner {
public:
  ModelRunner() = default;
  ModelRunner(const ModelRunner&) = delete;
  ModelRunner& operator=(const ModelRunner&) = delete;
  virtual ~ModelRunner() = default;
  /// Makes this model the one that answers; false if it cannot be used, which the runner has then reported.
  virtual bool load(std::size_t model) = 0;
  /// Called once it is known that not everything fits into the time: all that can compute should then do so.
  virtual void hurry() {}
  /// Sequences longer than max_length are cut to it. Asks `stop` many times on the way, on the caller's thread, and
  /// returns soon once it is true.
  virtual BatchAnswers answer(std::span<const std::size_t> questions, std::int64_t max_length,
                              const std::function<bool()>& stop) = 0;
};

} // namespace sciexam::inline inference

// Runs of tiny networks on questions that can be learnt: the right option holds token 7.
#pragma once

#include "model/deberta.hpp"
#include "temporary_folder.hpp"
#include "train/loop/training_loop.hpp"

#include <cstdint>
#include <string>

namespace sciexam::test {

/// Some steps with validations and states between them.
TrainingSettings quick_settings();

struct Lesson {
  TrainingSet train, valid;
  TemporaryFolder folder;

  Lesson();
  RunRequest request(const TrainingSettings& settings, const std::string& name) const;
  RunResult run(const TrainingSettings& settings, const std::string& name) const {
    return run(request(settings, name));
  }
  /// The training questions with two further contexts each, of other lengths: longer by one and by two tokens.
  TrainingSet with_contexts() const;
  /// The training questions, every other one without its answer, with a teacher who is sure of the right one.
  TrainingSet with_teacher() const;
  /// The training set with another token, by default one that no vocabulary has, in the seventh step: after a
  /// validation and a state.
  TrainingSet broken(std::int32_t token = 1'000'000) const;
  std::string broken_place() const { return train.places[broken_question()]; }
  /// Trains a fresh network.
  static RunResult run(const RunRequest& request);
  /// Trains this one.
  static RunResult run(DebertaForMultipleChoice& network, const RunRequest& request);

private:
  std::size_t broken_question() const;
};

} // namespace sciexam::test

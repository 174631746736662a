// The models of a package on this machine's CPU.
#pragma once

#include "inference/batches.hpp"
#include "inference/model_runner.hpp"
#include "model/weights.hpp"
#include "package/package.hpp"

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <vector>

namespace sciexam::inline inference {

class CpuRunner : public ModelRunner {
public:
  /// Everything but `threads` and `precision` must outlive it. `encoded`: see encode_exam(). `failures` gets a sentence
  /// for each model that cannot be used.
  CpuRunner(const Package& package, const Tokenizer& tokenizer, std::span<const Question> questions,
            std::span<const EncodedQuestion> encoded, int threads, Precision precision,
            std::vector<std::string>& failures)
      : package_(package), tokenizer_(tokenizer), questions_(questions), encoded_(encoded), threads_(threads),
        precision_(precision), failures_(failures) {}

  bool load(std::size_t model) override;
  BatchAnswers answer(std::span<const std::size_t> batch, std::int64_t max_length,
                      const std::function<bool()>& stop) override;

  /// As load(), but the reason for a failure is only returned; empty: the model is loaded.
  std::string load_or_say_why(std::size_t model);
  void unload();
  /// Reads the model's file while others answer, so that its loading takes less time; ended by unload().
  void read_ahead(std::size_t model);
  /// A question's sequences, cut to max_length.
  EncodedQuestion sequences_of(std::size_t question, std::int64_t max_length) const;

private:
  bool has_memory_for(std::span<const EncodedQuestion> questions) const;

  const Package& package_;
  const Tokenizer& tokenizer_;
  std::span<const Question> questions_;
  std::span<const EncodedQuestion> encoded_;
  int threads_;
  Precision precision_;
  std::vector<std::string>& failures_;
  std::unique_ptr<AnsweringNetwork> network_;
  std::jthread reading_ahead_;
};

} // namespace sciexam::inline inference

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
  /// What is to be answered, and what it takes to shorten it; everything must outlive the runner.
  struct Exam {
    std::span<const Question> questions;
    std::span<const EncodedQuestion> encoded; ///< see encode_exam()
    const Tokenizer& tokenizer;
    TemplateOptions template_options;
  };

  /// `package` and `failures` must outlive it, too. `failures` gets a sentence for each model that cannot be used.
  CpuRunner(const Package& package, const Exam& exam, int threads, Precision precision,
            std::vector<std::string>& failures)
      : package_(package), exam_(exam), threads_(threads), precision_(precision), failures_(failures) {}

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
  Exam exam_;
  int threads_;
  Precision precision_;
  std::vector<std::string>& failures_;
  std::unique_ptr<AnsweringNetwork> network_;
  std::jthread reading_ahead_;
};

} // namespace sciexam::inline inference

#include "inference/cpu_runner.hpp"

#include "inference/answering.hpp"
#include "inference/loading.hpp"
#include "inference/token_batches.hpp"
#include "model/runtime.hpp"
#include "support/errors.hpp"
#include "support/machine/memory.hpp"
#include "support/messages/progress.hpp"

#include <algorithm>
#include <new>
#include <system_error>

namespace sciexam::inline inference {
namespace {

/// A control group's limit does not make an allocation fail: the system ends the process when the memory is used.
void require_memory(const DebertaConfig& config, DType stored, Precision precision) {
  const std::uint64_t needed = answering_memory(config, stored, precision, 0), available = available_memory();
  if (available > 0 && needed > available)
    throw WorkError("it needs about " + format_memory(needed) + " of memory, but only " + format_memory(available) +
                    " is available");
}

} // namespace

void CpuRunner::unload() {
  reading_ahead_ = {}; // ends it
  network_.reset();
  give_back_memory();
}

std::string CpuRunner::load_or_say_why(std::size_t model) {
  unload(); // before the next one needs the memory
  try {
    if (!renew_memory_reserve())
      throw std::bad_alloc();
    require_memory(package_.config(model), package_.manifest().models[model].dtype, precision_);
    network_ = load_model(package_, model, threads_, precision_);
    return {};
  } catch (const std::exception& fault) {
    if (is_out_of_memory(fault))
      return "memory ran out";
    if (dynamic_cast<const Error*>(&fault) == nullptr)
      throw;
    return fault.what();
  }
}

/// If memory is left for it.
void CpuRunner::read_ahead(std::size_t model) {
  if (model >= package_.manifest().models.size())
    return;
  try {
    reading_ahead_ = std::jthread([this, model](const std::stop_token& stop) {
      try {
        if (const std::uint64_t available = available_memory();
            available == 0 || available > 2 * package_.stored_bytes(model))
          package_.read_ahead(model, [&] { return stop.stop_requested(); });
      } catch (const std::exception&) {
        return; // what is wrong with the file is reported in its turn
      }
    });
  } catch (const std::system_error&) {
    return; // the system starts no further thread: the model is read in its turn
  }
}

bool CpuRunner::load(std::size_t model) {
  const std::string why = load_or_say_why(model);
  if (why.empty()) {
    read_ahead(model + 1);
    return true;
  }
  failures_.push_back("model " + package_.manifest().models[model].name + " was left out: " + why);
  warn_line(failures_.back());
  return false;
}

/// Batches of usual questions are sized to fit the memory (choose_token_budget()); a long question is not.
bool CpuRunner::has_memory_for(std::span<const EncodedQuestion> questions) const {
  std::int64_t tokens = 0, longest = 0;
  for (const EncodedQuestion& question : questions) {
    tokens += token_count(question);
    longest = std::max(longest, longest_sequence(question));
  }
  if (longest <= kLongSequence)
    return true;
  const std::uint64_t available = available_memory();
  return available == 0 || batch_memory(network_->config(), tokens, longest, threads_) <= available;
}

BatchAnswers CpuRunner::answer(std::span<const std::size_t> batch, std::int64_t max_length,
                               const std::function<bool()>& stop) {
  BatchAnswers answers{.logits = PartialAnswers(batch.size())};
  try {
    if (!renew_memory_reserve())
      throw std::bad_alloc();
    std::vector<EncodedQuestion> questions;
    QuestionBatch all(batch.size());
    for (const std::size_t q : batch) {
      all[questions.size()] = questions.size();
      questions.push_back(sequences_of(q, max_length));
    }
    if (!has_memory_for(questions)) {
      answers.end = BatchAnswers::End::out_of_memory;
    } else if (const auto logits = answer_batch(*network_, questions, all, stop)) {
      std::copy(logits->begin(), logits->end(), answers.logits.begin());
    } else {
      answers.end = BatchAnswers::End::stopped;
    }
  } catch (const std::exception& fault) {
    if (!is_out_of_memory(fault))
      throw;
    answers.end = BatchAnswers::End::out_of_memory;
  }
  return answers;
}

EncodedQuestion CpuRunner::sequences_of(std::size_t question, std::int64_t max_length) const {
  const EncodedQuestion& encoded = exam_.encoded[question];
  if (longest_sequence(encoded) <= max_length)
    return encoded;
  return encode_shortened(exam_.tokenizer, exam_.questions[question], exam_.template_options, max_length);
}

} // namespace sciexam::inline inference

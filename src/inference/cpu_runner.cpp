#include "inference/cpu_runner.hpp"

#include "inference/answering.hpp"
#include "inference/loading.hpp"
#include "model/runtime.hpp"
#include "support/errors.hpp"
#include "support/machine/memory.hpp"
#include "support/messages/progress.hpp"

#include <algorithm>
#include <new>
#include <system_error>

namespace sciexam {
namespace {

/// A group's limit is not told when memory is asked for: the system ends the process when it is used.
void require_memory(const DebertaConfig& config, DType stored, Precision precision) {
  const std::uint64_t needed = answering_memory(config, stored, precision, 0), available = available_memory();
  if (available > 0 && needed > available)
    throw WorkError("it needs about " + format_memory(needed) + " of memory, and " + format_memory(available) +
                    " are available");
}

} // namespace

void NetworkRunner::unload() {
  reading_ahead_ = {}; // ends it
  network_.reset();
  give_back_memory();
}

std::string NetworkRunner::load_or_say_why(std::size_t model) {
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
void NetworkRunner::read_ahead(std::size_t model) {
  if (model >= package_.manifest().models.size())
    return;
  try {
    reading_ahead_ = std::jthread([this, model](const std::stop_token& stop) {
      try {
        if (const std::uint64_t available = available_memory();
            available == 0 || available > 2 * package_.stored_bytes(model))
          package_.read_ahead(model, [&] { return stop.stop_requested(); });
      } catch (const std::exception&) {
        return; // what is wrong with the file is told when it is its turn
      }
    });
  } catch (const std::system_error&) {
    return; // no further thread is to be had: it is read when it is its turn
  }
}

bool NetworkRunner::load(std::size_t model) {
  const std::string why = load_or_say_why(model);
  if (why.empty()) {
    read_ahead(model + 1);
    return true;
  }
  failures_.push_back("model " + package_.manifest().models[model].name + " was left out: " + why);
  warn_line(failures_.back());
  return false;
}

std::optional<std::vector<OptionLogits>>
NetworkRunner::answer(std::span<const std::size_t> batch, std::int64_t max_length, const std::function<bool()>& stop) {
  try {
    if (!renew_memory_reserve())
      throw std::bad_alloc();
    std::vector<EncodedQuestion> questions;
    QuestionBatch all(batch.size());
    for (const std::size_t q : batch) {
      all[questions.size()] = questions.size();
      questions.push_back(sequences_of(q, max_length));
    }
    return answer_batch(*network_, questions, all, stop);
  } catch (const std::exception& fault) {
    if (is_out_of_memory(fault))
      throw OutOfMemory(fault.what());
    throw;
  }
}

EncodedQuestion NetworkRunner::sequences_of(std::size_t question, std::int64_t max_length) const {
  const EncodedQuestion& encoded = encoded_[question];
  if (std::all_of(encoded.begin(), encoded.end(), [&](const Encoding& encoding) {
        return static_cast<std::int64_t>(encoding.ids.size()) <= max_length;
      }))
    return encoded;
  TemplateOptions options = package_.template_options();
  options.max_length = static_cast<int>(max_length);
  return encode_question(tokenizer_, questions_[question], options);
}

} // namespace sciexam

// A file of a teacher's answers: whatever the bytes, finite logits, at least one of each question, or an InputError.
#include "support/errors.hpp"
#include "train/teacher/teacher_file.hpp"

#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <span>

using namespace sciexam;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    for (const auto& [name, questions] : parse_teacher_answers(std::as_bytes(std::span(data, size)), "fuzz").files)
      for (const std::vector<OptionLogits>& answers : questions) {
        if (answers.empty())
          std::abort();
        for (const OptionLogits& logits : answers)
          for (const float logit : logits)
            if (!std::isfinite(logit))
              std::abort();
      }
  } catch (const InputError&) {
  }
  return 0;
}

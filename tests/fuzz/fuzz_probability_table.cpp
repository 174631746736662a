// A teacher's table of probabilities: whatever the bytes, finite logits of every question, or an InputError.
#include "exam/question.hpp"
#include "support/errors.hpp"
#include "train/teacher/probability_table.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <sstream>

using namespace sciexam;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const std::vector<Question> questions = {
      {.id = "7", .prompt = "What?", .options = {"a", "b", "c", "d", "e"}, .row = 2},
      {.id = "8", .prompt = "Who?", .options = {"f", "g", "h", "i", "j"}, .row = 3}};
  CsvReader reader(std::make_unique<std::istringstream>(std::string(reinterpret_cast<const char*>(data), size)),
                   "table.csv");
  try {
    const std::vector<OptionLogits> logits = read_probability_table(reader, questions, "exam.csv");
    if (logits.size() != questions.size())
      std::abort();
    for (const OptionLogits& own : logits)
      if (!std::ranges::all_of(own, [](float value) { return std::isfinite(value) && value < 0.01F; }))
        std::abort();
  } catch (const InputError&) {
  }
  return 0;
}

// An exam: whatever the bytes are, they are read as questions or refused; and
// what was read is read again when it has been written.
#include "exam/csv.hpp"
#include "exam/question.hpp"
#include "support/errors.hpp"

#include <cstdint>
#include <cstdlib>
#include <sstream>

namespace {

using namespace sciexam;

std::string write_again(const Exam& exam) {
  std::string text = "id,prompt,A,B,C,D,E\n";
  for (const Question& question : exam.questions) {
    text += csv_cell(question.id) + "," + csv_cell(question.prompt);
    for (const std::string& option : question.options)
      text += "," + csv_cell(option);
    text += "\n";
  }
  return text;
}

Exam read_text(const std::string& text) {
  CsvReader reader(std::make_unique<std::istringstream>(text), "exam.csv");
  return read_exam(reader);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Exam exam;
  try {
    exam = read_text({reinterpret_cast<const char*>(data), size});
  } catch (const InputError&) {
    return 0;
  }
  const Exam again = read_text(write_again(exam)); // an exception here is a finding
  if (again.questions.size() != exam.questions.size())
    std::abort();
  for (std::size_t i = 0; i < exam.questions.size(); ++i)
    if (again.questions[i].id != exam.questions[i].id || again.questions[i].prompt != exam.questions[i].prompt ||
        again.questions[i].options != exam.questions[i].options)
      std::abort();
  return 0;
}

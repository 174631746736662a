// An exam: whatever the bytes are, they are read as questions or refused; and
// what was read can be read again once it is written. A lenient reader reads the same questions, and puts rows aside
// where the strict one refuses the file.
#include "exam/csv.hpp"
#include "exam/question.hpp"
#include "support/errors.hpp"

#include <cstdint>
#include <cstdlib>
#include <set>
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

Exam read_text(const std::string& text, bool lenient = false) {
  CsvReader reader(std::make_unique<std::istringstream>(text), "exam.csv");
  return read_exam(reader, {.lenient = lenient});
}

/// `strict` is what the strict reader made of the text, or null if it refused it.
void check_lenient(const std::string& text, const Exam* strict) {
  Exam exam;
  try {
    exam = read_text(text, true);
  } catch (const InputError&) { // no header, or no good row
    if (strict != nullptr)
      std::abort();
    return;
  }
  if (exam.bad_rows.empty() != (strict != nullptr))
    std::abort();
  if (strict != nullptr && strict->questions.size() != exam.questions.size())
    std::abort();
  std::set<std::string> ids;
  for (const Question& question : exam.questions)
    if (!ids.insert(question.id).second)
      std::abort();
  for (const BadRow& row : exam.bad_rows)
    if (row.position > exam.questions.size() || row.problem.empty() || (!row.id.empty() && !ids.insert(row.id).second))
      std::abort();
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  Exam exam;
  try {
    exam = read_text(text);
  } catch (const InputError&) {
    check_lenient(text, nullptr);
    return 0;
  }
  check_lenient(text, &exam);
  const Exam again = read_text(write_again(exam)); // an exception here is a finding
  if (again.questions.size() != exam.questions.size())
    std::abort();
  for (std::size_t i = 0; i < exam.questions.size(); ++i)
    if (again.questions[i].id != exam.questions[i].id || again.questions[i].prompt != exam.questions[i].prompt ||
        again.questions[i].options != exam.questions[i].options)
      std::abort();
  return 0;
}

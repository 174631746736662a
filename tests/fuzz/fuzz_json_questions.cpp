// A question set as JSON of whatever form: refused as a whole with InputError, or each of its questions is taken or
// rejected; and what was taken is written as an exam that the strict reader reads.
#include "data/forms/read_data.hpp"
#include "data/output/write_data.hpp"
#include "data/selection/arrange.hpp"
#include "data/tables/json_table.hpp"
#include "exam/csv.hpp"
#include "support/errors.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <sstream>

namespace {

using namespace sciexam;

bool is_usable(const Question& question) {
  const auto filled = kOptions - std::count(question.options.begin(), question.options.end(), "");
  return !question.prompt.empty() && filled >= 2 && question.answer &&
         !question.options[static_cast<std::size_t>(*question.answer)].empty();
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  DataSet data;
  try {
    read_data_table(json_table_of({reinterpret_cast<const char*>(bytes), size}, "set.json"),
                    {.questions = {.cut_options = size % 2 == 0}}, data);
  } catch (const InputError&) {
    return 0;
  }
  if (data.files.at(0).read != data.records.size() + data.rejected.size())
    std::abort();
  if (!std::all_of(data.records.begin(), data.records.end(),
                   [](const Record& record) { return is_usable(record.question); }))
    std::abort();
  assign_ids(data);
  CsvReader reader(std::make_unique<std::istringstream>(data_csv(data)), "train.csv");
  const Exam exam = read_exam(reader); // an exception here is a finding
  for (std::size_t i = 0; i < exam.questions.size(); ++i)
    if (exam.questions[i].options != data.records[i].question.options)
      std::abort();
  return 0;
}

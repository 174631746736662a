// A service's response: whatever it holds, its questions are taken or rejected; and what was taken is written as an
// exam that the strict reader reads.
#include "data/articles/responses.hpp"
#include "data/output/write_data.hpp"
#include "data/selection/arrange.hpp"
#include "data/selection/duplicates.hpp"
#include "exam/csv.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <sstream>

namespace {

using namespace sciexam;

/// One article whose only passage is "1-0-230-9141aeed3620", as the seeds have it.
const std::vector<Article> kArticles = {{"Tides", "The sea rises and falls twice a day." + std::string(194, 'a')}};

bool is_complete(const Question& question) {
  return !question.prompt.empty() && !question.context.empty() && question.answer &&
         std::count(question.options.begin(), question.options.end(), "") == 0;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  DataSet data;
  data.add_file("responses.jsonl");
  import_response({reinterpret_cast<const char*>(bytes), size}, 0, 1, kArticles, data);
  if (data.files[0].read != data.records.size() + data.rejected.size())
    std::abort();
  if (!std::all_of(data.records.begin(), data.records.end(),
                   [](const Record& record) { return is_complete(record.question); }))
    std::abort();
  drop_duplicates(data, {}, {});
  if (data.records.empty())
    return 0;
  assign_ids(data);
  CsvReader reader(std::make_unique<std::istringstream>(data_csv(data)), "train.csv");
  const Exam exam = read_exam(reader); // an exception here is a finding
  for (std::size_t i = 0; i < exam.questions.size(); ++i)
    if (exam.questions[i].options != data.records[i].question.options)
      std::abort();
  return 0;
}

#include "data/output/write_data.hpp"

#include "exam/contexts.hpp"
#include "exam/csv.hpp"
#include "support/files/files.hpp"

#include <algorithm>

namespace sciexam::inline data {
std::string data_csv(const DataSet& data) {
  const auto any = [&](auto has) { return std::any_of(data.records.begin(), data.records.end(), has); };
  std::size_t contexts = 0; // columns
  for (const Record& record : data.records)
    contexts = std::max(contexts, contexts_of(record.question).size());
  const bool has_folds = any([](const Record& record) { return record.question.fold.has_value(); });
  std::vector<std::string> cells = {"id", "prompt", "A", "B", "C", "D", "E", "answer"};
  for (std::size_t number = 1; number <= contexts; ++number)
    cells.push_back(context_column(number));
  cells.emplace_back("source");
  if (has_folds)
    cells.emplace_back("fold");

  std::string text;
  text += csv_row(cells);
  for (const Record& record : data.records) {
    const Question& question = record.question;
    cells = {question.id, question.prompt};
    cells.insert(cells.end(), question.options.begin(), question.options.end());
    cells.emplace_back(question.answer ? 1 : 0, static_cast<char>('A' + question.answer.value_or(0)));
    const std::vector<std::string_view> texts = contexts_of(question);
    cells.insert(cells.end(), texts.begin(), texts.end());
    cells.resize(cells.size() + contexts - texts.size());
    cells.push_back(record.source);
    if (has_folds)
      cells.push_back(question.fold ? std::to_string(*question.fold) : "");
    text += csv_row(cells);
  }
  return text;
}

void write_data(const std::filesystem::path& path, const DataSet& data) {
  write_file_atomically(path, data_csv(data));
}

void write_rejected(const std::filesystem::path& path, const DataSet& data) {
  std::string text;
  text += csv_row({"file", "row", "reason", "detail", "prompt"});
  for (const Rejection& rejection : data.rejected)
    text += csv_row({data.files[rejection.file].path, std::to_string(rejection.row),
                     std::string(text_of(rejection.reason)), rejection.detail, rejection.prompt});
  write_file_atomically(path, text);
}

} // namespace sciexam::inline data

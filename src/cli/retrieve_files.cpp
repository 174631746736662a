#include "cli/retrieve_files.hpp"

#include "exam/csv.hpp"
#include "exam/question.hpp"
#include "support/errors.hpp"
#include "support/files/files.hpp"
#include "support/machine/interrupt.hpp"
#include "support/messages/progress.hpp"
#include "support/text/counted.hpp"
#include "support/text/json.hpp"

#include <algorithm>
#include <fstream>
#include <iostream>
#include <unordered_map>
#include <utility>

namespace sciexam::inline cli {
namespace {

constexpr std::string_view kContext = "context";

void write_output(const std::filesystem::path& out, std::string_view text) {
  if (!out.empty())
    return write_file_atomically(out, text);
  std::cout << text;
  if (!std::cout.flush())
    throw WorkError("standard output: cannot be written");
}

void note_damage(const std::vector<FoundPassages>& found, RetrievalDamage& damage) {
  for (const FoundPassages& passages : found)
    for (const std::string& sentence : passages.damaged)
      ++damage[sentence];
}

std::vector<FoundPassages> find(const Retriever& retriever, const std::vector<Question>& questions, int threads) {
  Progress progress("retrieving", questions.size(), "questions");
  std::vector<FoundPassages> found = retriever.find_all(
      questions, threads, [&] { progress.advance(1); }, interrupted);
  progress.finish();
  if (interrupted())
    throw WorkError("interrupted: nothing was written");
  return found;
}

std::string row_with_context(std::vector<std::string> cells, std::size_t context, std::string text) {
  if (context == cells.size())
    cells.emplace_back();
  cells[context] = std::move(text);
  return csv_row(cells);
}

RetrievalDamage add_contexts(const Retriever& retriever, const std::filesystem::path& in,
                             const std::filesystem::path& out, int threads) {
  const Exam exam = read_exam(in, {.id_required = false, .answers_required = false});
  if (exam.has_context)
    log_line(in.string() + ": its column context is replaced");
  const std::vector<FoundPassages> found = find(retriever, exam.questions, threads);
  std::unordered_map<std::size_t, std::size_t> question_of_row;
  for (std::size_t i = 0; i < exam.questions.size(); ++i)
    question_of_row.emplace(exam.questions[i].row, i);

  CsvReader reader(in);
  std::vector<std::string> cells;
  reader.next(cells);
  const auto context = static_cast<std::size_t>(std::find(cells.begin(), cells.end(), kContext) - cells.begin());
  std::string text = row_with_context(cells, context, std::string(kContext));
  while (reader.next(cells))
    if (const auto question = question_of_row.find(reader.row()); question != question_of_row.end())
      text += row_with_context(cells, context, context_of(found[question->second].passages));
  write_output(out, text);
  const auto empty = std::count_if(found.begin(), found.end(), [](const auto& one) { return one.passages.empty(); });
  log_line(counted(found.size(), "question") + ", " + std::to_string(empty) + " of them without a passage");
  RetrievalDamage damage;
  note_damage(found, damage);
  return damage;
}

Json to_json(const FoundPassages& found) {
  Json passages = Json::array();
  for (const FoundPassage& passage : found.passages)
    passages.push_back(
        {{"id", passage.id}, {"title", passage.title}, {"score", passage.score}, {"text", passage.text}});
  return {{"passages", std::move(passages)}};
}

RetrievalDamage find_queries(const Retriever& retriever, std::istream& lines, const std::filesystem::path& in,
                             const std::filesystem::path& out, int threads) {
  std::vector<Question> queries;
  std::string line;
  for (std::size_t row = 1; std::getline(lines, line); ++row)
    if (line.find_first_not_of(" \t\r") != std::string::npos) {
      const JsonDocument document(line, in.string() + ", row " + std::to_string(row));
      queries.push_back({.prompt = document.root().at("query").string(), .row = row});
    }
  const std::vector<FoundPassages> found = find(retriever, queries, threads);
  std::string text;
  for (const FoundPassages& passages : found)
    text += to_json(passages).dump() + "\n";
  write_output(out, text);
  RetrievalDamage damage;
  note_damage(found, damage);
  return damage;
}

} // namespace

RetrievalDamage retrieve_file(const Retriever& retriever, const std::filesystem::path& in,
                              const std::filesystem::path& out, int threads) {
  if (in == "-")
    return find_queries(retriever, std::cin, "standard input", out, threads);
  std::ifstream file(in);
  if (!file)
    throw UsageError(in.string() + ": cannot be opened");
  if ((file >> std::ws).peek() == '{')
    return find_queries(retriever, file, in, out, threads);
  return add_contexts(retriever, in, out, threads);
}

} // namespace sciexam::inline cli

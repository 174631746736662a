#include "cli/retrieve_files.hpp"

#include "cli/version.hpp"
#include "exam/context_columns.hpp"
#include "exam/csv.hpp"
#include "exam/question.hpp"
#include "retrieval/contexts/question_contexts.hpp"
#include "retrieval/contexts/retrieval_record.hpp"
#include "support/errors.hpp"
#include "support/files/files.hpp"
#include "support/files/sha256.hpp"
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

/// The columns context, context_2, ... of a file: those that it has are replaced, or left out where there are fewer
/// contexts now; the others are added.
class ContextColumns {
public:
  ContextColumns(const std::vector<std::string>& header, std::size_t contexts) : numbers_(header.size()) {
    for (std::size_t number = 1; number <= std::max(contexts, kMostContexts); ++number) {
      names_.push_back(context_column(number));
      const auto found = std::find(header.begin(), header.end(), names_.back());
      if (found != header.end())
        numbers_[static_cast<std::size_t>(found - header.begin())] = number;
      else if (number <= contexts)
        added_.push_back(number);
    }
    names_.resize(contexts);
  }

  std::string header_row(std::vector<std::string> header) const { return row(std::move(header), names_); }

  /// `texts`: [contexts].
  std::string row(std::vector<std::string> cells, const std::vector<std::string>& texts) const {
    std::vector<std::string> written;
    for (std::size_t i = 0; i < cells.size(); ++i)
      if (numbers_[i] == 0)
        written.push_back(std::move(cells[i]));
      else if (numbers_[i] <= texts.size())
        written.push_back(texts[numbers_[i] - 1]);
    for (const std::size_t number : added_)
      written.push_back(texts[number - 1]);
    return csv_row(written);
  }

private:
  std::vector<std::string> names_;   ///< [contexts]
  std::vector<std::size_t> numbers_; ///< [cells of a row], the context's, from 1; 0: another column
  std::vector<std::size_t> added_;
};

std::string with_contexts(const std::filesystem::path& in, const Exam& exam, const std::vector<FoundPassages>& found,
                          std::size_t contexts) {
  std::unordered_map<std::size_t, std::size_t> question_of_row;
  for (std::size_t i = 0; i < exam.questions.size(); ++i)
    question_of_row.emplace(exam.questions[i].row, i);
  CsvReader reader(in);
  std::vector<std::string> cells;
  reader.next(cells);
  const ContextColumns columns(cells, contexts);
  std::string text = columns.header_row(cells);
  while (reader.next(cells))
    if (const auto question = question_of_row.find(reader.row()); question != question_of_row.end())
      text += columns.row(cells, question_contexts({}, found[question->second], contexts));
  return text;
}

/// For a file, not for standard output. Written last: a record whose file has another hash is of an earlier one.
void write_record(const Retriever& retriever, const RecordedFile& in, const std::filesystem::path& out,
                  const RetrievalDamage& damage) {
  RetrievalRecord record;
  record.program = "sciexam " + version();
  record.index_sha256 = retriever.index().manifest().identity;
  record.index_title = retriever.index().manifest().title;
  record.analyser = retriever.index().manifest().analyser;
  record.settings = retriever.settings();
  record.in = in;
  record.out = {out.filename().string(), sha256_of_file(out)};
  for (const auto& [sentence, times] : damage)
    record.degraded.push_back(sentence);
  for (const LeftOutShard& shard : retriever.index().left_out())
    record.degraded.push_back(sentence_on(shard));
  write_file_atomically(retrieval_record_of(out), to_json(record).dump(1) + "\n");
}

void log_counts(const std::vector<FoundPassages>& found) {
  const auto empty = std::count_if(found.begin(), found.end(), [](const auto& one) { return one.passages.empty(); });
  log_line(counted(found.size(), "question") + ", " + std::to_string(empty) + " of them without a passage");
}

RetrievalDamage add_contexts(const Retriever& retriever, const std::filesystem::path& in,
                             const std::filesystem::path& out, int threads) {
  const RecordedFile read = {in.filename().string(), sha256_of_file(in)}; // `out` may be the same file
  const Exam exam = read_exam(in, {.id_required = false, .answers_required = false});
  if (exam.has_context)
    log_line(in.string() + ": its column context is replaced");
  const std::vector<FoundPassages> found = find(retriever, exam.questions, threads);
  write_output(out, with_contexts(in, exam, found, retriever.settings().contexts));
  log_counts(found);
  RetrievalDamage damage;
  note_damage(found, damage);
  if (!out.empty())
    write_record(retriever, read, out, damage);
  return damage;
}

Json to_json(const FoundPassages& found) {
  Json passages = Json::array();
  for (const FoundPassage& passage : found.passages)
    passages.push_back(
        {{"id", passage.id}, {"title", passage.title}, {"score", passage.score}, {"text", passage.text}});
  return {{"passages", std::move(passages)}};
}

void require_one_context(const Retriever& retriever) {
  if (retriever.settings().contexts > 1)
    throw UsageError("--contexts is for questions with options, as CSV: queries have nothing else to be asked by");
}

RetrievalDamage find_queries(const Retriever& retriever, std::istream& lines, const std::filesystem::path& in,
                             const std::filesystem::path& out, int threads) {
  require_one_context(retriever);
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

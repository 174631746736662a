#include "exam/submission.hpp"

#include "exam/csv.hpp"
#include "support/errors.hpp"
#include "support/files/files.hpp"
#include "support/text/counted.hpp"

#include <algorithm>
#include <string_view>
#include <unordered_map>

namespace sciexam::inline exam {
namespace {

constexpr std::size_t kGuesses = 3;

/// The ranking that begins with the guesses of `text`; nothing if it is not of format_prediction's form.
std::optional<Ranking> parse_prediction(std::string_view text) {
  if (text.size() != 2 * kGuesses - 1 || text[1] != ' ' || text[3] != ' ')
    return std::nullopt;
  std::array<double, kOptions> scores{};
  for (std::size_t i = 0; i < kGuesses; ++i) {
    const std::optional<int> option = option_index(text.substr(2 * i, 1));
    if (!option || scores[static_cast<std::size_t>(*option)] != 0)
      return std::nullopt;
    scores[static_cast<std::size_t>(*option)] = static_cast<double>(kGuesses - i);
  }
  return rank_by_scores(scores);
}

std::size_t column_of(const CsvReader& reader, const std::string& name) {
  const auto& header = reader.header();
  if (std::count(header.begin(), header.end(), name) != 1)
    reader.fail("the header must name " + name + " once", "A submission's first row is id,prediction");
  return static_cast<std::size_t>(std::find(header.begin(), header.end(), name) - header.begin());
}

} // namespace

std::string format_prediction(const Ranking& ranking) {
  std::string text;
  for (std::size_t i = 0; i < kGuesses; ++i) {
    text += i == 0 ? "" : " ";
    text += static_cast<char>('A' + ranking[i]);
  }
  return text;
}

void write_submission(const std::filesystem::path& file, std::span<const Question> questions,
                      std::span<const Ranking> rankings) {
  if (questions.size() != rankings.size())
    throw InternalError("a submission of " + counted(rankings.size(), "ranking") + " for " +
                        counted(questions.size(), "question"));
  std::string text = "id,prediction\n";
  for (std::size_t i = 0; i < questions.size(); ++i)
    text += csv_cell(questions[i].id) + "," + format_prediction(rankings[i]) + "\n";
  write_file_atomically(file, text);
}

std::vector<Ranking> read_submission(const std::filesystem::path& file, std::span<const Question> questions) {
  std::unordered_map<std::string_view, std::size_t> index_of;
  for (std::size_t i = 0; i < questions.size(); ++i)
    index_of.emplace(questions[i].id, i);

  CsvReader reader(file);
  std::vector<std::string> cells;
  reader.next(cells);
  const std::size_t id_column = column_of(reader, "id");
  const std::size_t prediction_column = column_of(reader, "prediction");
  std::vector<std::optional<Ranking>> found(questions.size());
  while (reader.next(cells)) {
    const std::string& id = cells[id_column];
    const auto entry = index_of.find(id);
    if (entry == index_of.end())
      reader.fail(id_column, "no question has the id \"" + excerpt(id) + "\"", "Check that both files belong together");
    std::optional<Ranking>& ranking = found[entry->second];
    if (ranking)
      reader.fail(id_column, "an earlier row has the id \"" + excerpt(id) + "\" too", "Remove one of them");
    ranking = parse_prediction(cells[prediction_column]);
    if (!ranking)
      reader.fail(prediction_column, "is \"" + excerpt(cells[prediction_column]) + "\"",
                  "It must be three different letters of A to E with one space between them, such as B A D");
  }

  std::vector<Ranking> rankings;
  for (std::size_t i = 0; i < questions.size(); ++i) {
    if (!found[i])
      throw InputError({file}, "has no row for the question \"" + excerpt(questions[i].id) + "\"",
                       "Check that both files belong together");
    rankings.push_back(*found[i]);
  }
  return rankings;
}

} // namespace sciexam::inline exam

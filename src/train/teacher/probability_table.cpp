#include "train/teacher/probability_table.hpp"

#include "exam/question_hash.hpp"
#include "support/errors.hpp"
#include "support/text/counted.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>
#include <numeric>
#include <optional>
#include <string>
#include <string_view>

namespace sciexam::inline train {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kWanted = "Give a table as sciexam-run evaluate --probabilities writes it";

class TableReading {
public:
  TableReading(CsvReader& reader, std::span<const Question> questions, const fs::path& source)
      : reader_(reader), questions_(questions), source_(source), logits_(questions.size()) {
    std::vector<std::string> header;
    reader_.next(header);
    id_ = required("id");
    for (std::size_t i = 0; i < options_.size(); ++i)
      options_[i] = required(std::string(1, static_cast<char>('A' + i)));
    model_ = column("model");
    hash_ = column(kQuestionHashColumn);
    for (std::size_t i = 0; i < questions.size(); ++i)
      by_id_.emplace(questions[i].id, i);
  }

  std::vector<OptionLogits> read() {
    for (std::vector<std::string> cells; reader_.next(cells);)
      if (!model_ || cells[*model_] == "ensemble")
        read_row(cells);
    std::vector<OptionLogits> all;
    for (std::size_t i = 0; i < logits_.size(); ++i) {
      if (!logits_[i])
        throw InputError({reader_.file()},
                         "has no probabilities for the question \"" + excerpt(questions_[i].id) + "\" of " +
                             source_.string() + ", row " + std::to_string(questions_[i].row) +
                             (model_ ? " (rows of the model \"ensemble\" count)" : ""),
                         std::string(kWanted) + " for that file");
      all.push_back(*logits_[i]);
    }
    return all;
  }

private:
  std::optional<std::size_t> column(std::string_view name) const {
    const auto& header = reader_.header();
    const auto found = std::ranges::find(header, name);
    if (found == header.end())
      return std::nullopt;
    if (std::find(found + 1, header.end(), name) != header.end())
      reader_.fail("the header names " + std::string(name) + " twice", "Remove or rename one of them");
    return static_cast<std::size_t>(found - header.begin());
  }

  std::size_t required(const std::string& name) const {
    const std::optional<std::size_t> found = column(name);
    if (!found)
      reader_.fail("the header has no column " + name, std::string(kWanted));
    return *found;
  }

  /// Questions of other ids may be there: a training set may be a part of what was answered.
  void read_row(const std::vector<std::string>& cells) {
    const auto found = by_id_.find(cells[id_]);
    if (found == by_id_.end())
      return;
    const std::size_t question = found->second;
    if (hash_ && cells[*hash_] != question_hash(questions_[question]))
      reader_.fail(*hash_,
                   "its question is not the one of that id in " + source_.string() + ", row " +
                       std::to_string(questions_[question].row),
                   "Give the table that was made for this file: prompts and options must be the same");
    if (logits_[question])
      reader_.fail(id_, "the question \"" + excerpt(cells[id_]) + "\" has an earlier row", "Remove one of them");
    logits_[question] = read_logits(cells);
  }

  OptionLogits read_logits(const std::vector<std::string>& cells) const {
    constexpr double kRounding = 1e-3, kLeast = 1e-12; // of sums; a probability that was rounded to 0
    std::array<double, kOptions> probabilities{};
    for (std::size_t i = 0; i < options_.size(); ++i)
      probabilities[i] = read_probability(options_[i], cells[options_[i]]);
    const double sum = std::accumulate(probabilities.begin(), probabilities.end(), 0.0);
    if (std::abs(sum - 1) > kRounding)
      reader_.fail("the probabilities of A to E add up to " + std::to_string(sum), std::string(kWanted));
    OptionLogits logits{};
    std::ranges::transform(probabilities, logits.begin(),
                           [&](double p) { return static_cast<float>(std::log(std::max(p / sum, kLeast))); });
    return logits;
  }

  double read_probability(std::size_t column, const std::string& cell) const {
    double value = -1;
    const auto [end, error] = std::from_chars(cell.data(), cell.data() + cell.size(), value);
    if (error != std::errc() || end != cell.data() + cell.size() || !(value >= 0 && value <= 1))
      reader_.fail(column, "\"" + excerpt(cell) + "\" is not a probability", "Give a number from 0 to 1");
    return value;
  }

  CsvReader& reader_;
  std::span<const Question> questions_;
  const fs::path& source_;
  std::size_t id_ = 0;
  std::array<std::size_t, kOptions> options_{};
  std::optional<std::size_t> model_, hash_;
  std::map<std::string, std::size_t, std::less<>> by_id_;
  std::vector<std::optional<OptionLogits>> logits_;
};

} // namespace

std::vector<OptionLogits> read_probability_table(CsvReader& reader, std::span<const Question> questions,
                                                 const fs::path& source) {
  return TableReading(reader, questions, source).read();
}

std::vector<OptionLogits> read_probability_table(const fs::path& file, std::span<const Question> questions,
                                                 const fs::path& source) {
  CsvReader reader(file);
  return read_probability_table(reader, questions, source);
}

} // namespace sciexam::inline train

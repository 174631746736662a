#include "data/output/data_report.hpp"

#include "data/output/data_summary.hpp"
#include "report/bar_plot.hpp"
#include "report/page.hpp"
#include "support/text/counted.hpp"
#include "support/text/numbers.hpp"
#include "support/text/utf8.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>
#include <map>
#include <utility>

namespace sciexam::inline data {
namespace {

using Row = std::vector<std::string>;
using Letters = std::array<std::size_t, kOptions>;

std::string percent(std::size_t part, std::size_t whole) {
  return printed("%.1f %%", whole == 0 ? 0.0 : 100.0 * static_cast<double>(part) / static_cast<double>(whole));
}

std::string two_decimals(double value) {
  return printed("%.2f", value);
}

/// The beginning of a text, for a table.
std::string shortened(std::string_view text) {
  constexpr int kCharacters = 100;
  std::size_t end = 0;
  for (int count = 0; count < kCharacters && end < text.size(); ++count)
    end += static_cast<std::size_t>(std::max(decode_utf8(text, end).length, 1));
  return std::string(text.substr(0, end)) + (end < text.size() ? "..." : "");
}

Letters count_letters(const std::vector<const Record*>& records) {
  Letters letters{};
  for (const Record* record : records)
    if (record->question.answer)
      ++letters[static_cast<std::size_t>(*record->question.answer)];
  return letters;
}

std::vector<const Record*> all_of(const DataSet& data) {
  std::vector<const Record*> records;
  for (const Record& record : data.records)
    records.push_back(&record);
  return records;
}

/// A table of how many questions, and which answers, each part has: the parts are named by `part_of`.
template <typename PartOf>
void add_parts(Page& page, const DataSet& data, const std::string& name, PartOf part_of) {
  std::map<std::string, std::vector<const Record*>> parts;
  for (const Record& record : data.records)
    parts[part_of(record)].push_back(&record);
  std::vector<Row> rows;
  for (const auto& [part, records] : parts) {
    if (rows.size() == kReportRows)
      break;
    Row row = {part, std::to_string(records.size()), percent(records.size(), data.records.size())};
    for (const std::size_t count : count_letters(records))
      row.push_back(std::to_string(count));
    rows.push_back(std::move(row));
  }
  page.table({name, "questions", "share", "right: A", "B", "C", "D", "E"}, rows);
  if (parts.size() > kReportRows)
    page.paragraph("And " + std::to_string(parts.size() - kReportRows) + " more.");
}

void add_files(Page& page, const DataSet& data) {
  page.heading("Files");
  std::vector<std::size_t> kept(data.files.size());
  for (const Record& record : data.records)
    ++kept[record.file];
  std::vector<Row> rows;
  for (std::size_t i = 0; i < data.files.size(); ++i) {
    const DataFile& file = data.files[i];
    rows.push_back({std::filesystem::path(file.path).filename().string(), std::to_string(file.read),
                    std::to_string(kept[i]), file.form, file.unused});
  }
  page.table({"file", "questions", "kept", "what it holds", "not used"}, rows);
}

void add_answers(Page& page, const DataSet& data) {
  const Letters letters = count_letters(all_of(data));
  std::vector<std::pair<std::string, double>> bars;
  for (std::size_t i = 0; i < letters.size(); ++i)
    bars.emplace_back(std::string(1, static_cast<char>('A' + i)), static_cast<double>(letters[i]));
  page.figure(draw(BarPlot{
      .title = "Right answers by letter", .x_label = "letter", .y_label = "questions", .bars = std::move(bars)}));
}

void add_lengths(Page& page, const DataSet& data, const LengthMeasure& lengths) {
  std::vector<std::size_t> questions, contexts;
  for (const Record& record : data.records) {
    questions.push_back(lengths.question(record.question));
    if (!record.question.context.empty())
      contexts.push_back(lengths.context(record.question));
  }
  page.figure(draw(BarPlot{.title = "Lengths of prompt and longest option",
                           .x_label = lengths.unit,
                           .y_label = "questions",
                           .bars = histogram(questions)}));
  if (!contexts.empty())
    page.figure(draw(BarPlot{
        .title = "Lengths of contexts", .x_label = lengths.unit, .y_label = "questions", .bars = histogram(contexts)}));
}

/// Points out what matters for training on the set as a whole.
void add_notices(Page& page, const DataSet& data) {
  const Letters letters = count_letters(all_of(data));
  const auto [least, most] = std::minmax_element(letters.begin(), letters.end());
  constexpr std::size_t kEnough = 100; // the fewest questions of which a share means something
  if (data.records.size() >= kEnough && static_cast<double>(*most) > 1.5 * static_cast<double>(*least))
    page.notice("The right answer is " + std::string(1, static_cast<char>('A' + (most - letters.begin()))) + " in " +
                percent(*most, data.records.size()) + " of the questions, but " +
                std::string(1, static_cast<char>('A' + (least - letters.begin()))) + " in " +
                percent(*least, data.records.size()) + ". --shuffle-options evens it out.");
  const auto conflicting = std::count_if(data.rejected.begin(), data.rejected.end(), [](const Rejection& rejection) {
    return rejection.reason == Reason::duplicate && rejection.detail.find("another right answer") != std::string::npos;
  });
  if (conflicting > 0)
    page.notice(counted(conflicting, "duplicate") +
                " with a different right answer from the question that was kept: one of the two is wrong.");
}

void add_rejected(Page& page, const DataSet& data) {
  page.heading("Left out");
  std::vector<Row> rows;
  for (const auto& [reason, count] : rejections_by_reason(data))
    rows.push_back({std::string(text_of(reason)), std::to_string(count)});
  if (rows.empty()) {
    page.paragraph("Nothing.");
    return;
  }
  page.table({"reason", "questions"}, rows);
  rows.clear();
  for (const Rejection& rejection : data.rejected) {
    if (rows.size() == kReportRows)
      break;
    rows.push_back({data.files[rejection.file].name + ", row " + std::to_string(rejection.row),
                    std::string(text_of(rejection.reason)) + (rejection.detail.empty() ? "" : ": ") + rejection.detail,
                    shortened(rejection.prompt)});
  }
  page.table({"question", "reason", "prompt"}, rows);
  if (data.rejected.size() > kReportRows)
    page.paragraph("And " + std::to_string(data.rejected.size() - kReportRows) +
                   " more: --rejected writes all of them.");
}

void add_alike(Page& page, const DataSet& data) {
  if (data.alike.empty())
    return;
  page.heading("Near-duplicates");
  std::vector<Row> rows;
  for (const AlikePair& pair : data.alike) {
    if (rows.size() == kReportRows)
      break;
    rows.push_back({two_decimals(pair.similarity), pair.dropped_place + ": " + shortened(pair.dropped),
                    pair.kept_place + (pair.held_out ? " (held out): " : ": ") + shortened(pair.kept)});
  }
  page.table({"similarity", "left out", "because of"}, rows);
  if (data.alike.size() > kReportRows)
    page.paragraph("And " + std::to_string(data.alike.size() - kReportRows) + " more.");
}

void add_cleaning(Page& page, const CleaningCounts& cleaning) {
  page.heading("Cleaned");
  page.table({"what was changed", "texts"},
             {{"HTML entities decoded", std::to_string(cleaning.entities)},
              {"control and invisible characters removed", std::to_string(cleaning.controls)},
              {"characters composed (Unicode NFC)", std::to_string(cleaning.composed)},
              {"white space collapsed", std::to_string(cleaning.spaces)}});
}

std::size_t count_read(const DataSet& data) {
  std::size_t read = 0;
  for (const DataFile& file : data.files)
    read += file.read;
  return read;
}

} // namespace

std::string data_page(const DataSet& data, const LengthMeasure& lengths) {
  Page page("Training data", counted(data.files.size(), "file"));
  std::size_t longest_right = 0, few = 0;
  for (const Record& record : data.records) {
    const Question& question = record.question;
    longest_right +=
        question.answer && &question.options[static_cast<std::size_t>(*question.answer)] == &longest_option(question);
    few += std::count(question.options.begin(), question.options.end(), "") > 0;
  }
  page.highlights({{"questions", std::to_string(data.records.size())},
                   {"read", std::to_string(count_read(data))},
                   {"left out", std::to_string(data.rejected.size())},
                   {"the longest option is right", percent(longest_right, data.records.size())},
                   {"with fewer than five options", std::to_string(few)}});
  add_notices(page, data);
  add_files(page, data);
  page.heading("Sources");
  add_parts(page, data, "source", [](const Record& record) { return record.source; });
  page.heading("Answers and lengths");
  add_answers(page, data);
  add_lengths(page, data, lengths);
  if (!data.records.empty() && data.records.front().question.fold) {
    page.heading("Folds");
    add_parts(page, data, "fold",
              [](const Record& record) { return std::to_string(record.question.fold.value_or(-1)); });
  }
  add_rejected(page, data);
  add_alike(page, data);
  add_cleaning(page, data.cleaning);
  return page.html();
}

} // namespace sciexam::inline data

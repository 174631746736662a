#include "report/answer_report.hpp"

#include "report/bar_plot.hpp"
#include "report/line_plot.hpp"
#include "report/page.hpp"
#include "support/text/numbers.hpp"

#include <cmath>

namespace sciexam::inline report {
namespace {

using Rows = std::vector<std::vector<std::string>>;

std::string score(const std::optional<double>& value) {
  return value ? format_fixed(*value, 4) : "-";
}

void add_models(Page& page, const AnswerReport& report) {
  Rows rows;
  for (const ModelReport& model : report.models) {
    const double rate = model.answer_seconds > 0 ? static_cast<double>(model.tokens) / model.answer_seconds : 0;
    rows.push_back({model.name, std::to_string(model.questions), std::to_string(model.tokens),
                    format_fixed(model.load_seconds, 1), format_fixed(model.answer_seconds, 1), format_fixed(rate, 0),
                    score(model.map_at_3), score(model.accuracy)});
  }
  page.heading("Models");
  if (rows.empty())
    page.paragraph("No model answered: the submission ranks options by their length.");
  else
    page.table({"model", "questions", "tokens", "loading, s", "answering, s", "tokens/s", "MAP@3", "accuracy"}, rows);
}

void add_agreement(Page& page, const AnswerReport& report) {
  if (report.models.size() < 2)
    return;
  std::vector<std::string> header = {"first guesses agree"};
  Rows rows;
  for (std::size_t a = 0; a < report.models.size(); ++a) {
    header.push_back(report.models[a].name);
    std::vector<std::string>& row = rows.emplace_back(1, report.models[a].name);
    for (const double part : report.agreement[a])
      row.push_back(std::isfinite(part) ? format_fixed(100 * part, 1) + " %" : "-");
  }
  page.heading("Agreement");
  page.table(header, rows);
}

void add_plots(Page& page, const AnswerReport& report) {
  page.heading("Certainty and time");
  BarPlot margins{.title = "Margins", .x_label = "first minus second probability", .y_label = "questions"};
  for (std::size_t i = 0; i < report.margins.size(); ++i)
    margins.bars.emplace_back(format_fixed(static_cast<double>(i) / 10, 1), static_cast<double>(report.margins[i]));
  page.figure(draw(margins), "How far the ensemble's first guess is ahead. Left: undecided.");
  if (!report.calibration.empty()) {
    LinePlot plot{
        .title = "Calibration", .x_label = "probability of the first guess", .y_label = "fraction that is right"};
    plot.series.push_back({"perfect", {{0.2, 0.2}, {1, 1}}});
    for (const auto& [name, points] : report.calibration) {
      Series& series = plot.series.emplace_back(Series{name});
      for (const CalibrationPoint& point : points)
        series.points.emplace_back(point.probability, point.right);
    }
    page.figure(draw(plot), "Below the line \"perfect\" a model is overconfident.");
  }
  BarPlot stages{.title = "Time", .x_label = "stage", .y_label = "seconds"};
  for (const auto& [name, seconds] : report.stages)
    stages.bars.emplace_back(name, seconds);
  page.figure(draw(stages), "Where the time went.");
}

void add_uncertain(Page& page, const AnswerReport& report) {
  if (report.least_certain.empty())
    return;
  page.heading("Least certain questions");
  for (const UncertainQuestion& question : report.least_certain) {
    page.paragraph(question.id + ": " + question.prompt + "  Guessed: " + question.guesses + ".");
    std::vector<std::string> header = {"option", "text"};
    for (const auto& [name, probabilities] : question.probabilities)
      header.push_back(name);
    Rows rows;
    for (std::size_t option = 0; option < question.options.size(); ++option) {
      const std::string letter(1, static_cast<char>('A' + option));
      std::vector<std::string>& row = rows.emplace_back(1, letter + (letter == question.answer ? ", right" : ""));
      row.push_back(question.options[option]);
      for (const auto& [name, probabilities] : question.probabilities)
        row.push_back(format_fixed(probabilities[option], 3));
    }
    page.table(header, rows);
    Rows passages;
    for (const std::array<std::string, 3>& passage : question.passages)
      passages.emplace_back(passage.begin(), passage.end());
    if (!passages.empty())
      page.table({"passage of", "score", "text"}, passages);
  }
}

} // namespace

std::string answer_report(const AnswerReport& report) {
  Page page(report.title, report.subtitle);
  for (const std::string& notice : report.notices)
    page.notice(notice);
  page.highlights(report.highlights);
  add_models(page, report);
  add_agreement(page, report);
  if (!report.models.empty())
    add_plots(page, report);
  add_uncertain(page, report);
  page.heading("This run");
  page.facts("fact", "value", report.facts);
  return page.html();
}

} // namespace sciexam::inline report

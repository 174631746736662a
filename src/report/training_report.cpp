#include "report/training_report.hpp"

#include "report/line_plot.hpp"
#include "report/page.hpp"
#include "report/thinning.hpp"
#include "support/text/numbers.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace sciexam::inline report {
namespace {

/// The loss of a uniform guess among the five options.
const double kChanceLoss = std::log(5.0);

/// One series per run: `quantity` of each element of its `list`.
template <class Entry>
std::vector<Series> series_of(const TrainingReport& report, const std::vector<Entry> RunReport::*list,
                              double Entry::*quantity) {
  std::vector<Series> all;
  for (const RunReport& run : report.runs) {
    Series& series = all.emplace_back(Series{run.name, {}});
    for (const Entry& entry : run.*list)
      series.points.emplace_back(static_cast<double>(entry.step), entry.*quantity);
  }
  return all;
}

const ValidationPoint* best_validation(const RunReport& run) {
  const ValidationPoint* best = nullptr;
  for (const ValidationPoint& point : run.validations)
    if (std::isfinite(point.map_at_3) && (best == nullptr || point.map_at_3 > best->map_at_3))
      best = &point;
  return best;
}

/// The moving average at the last step, as the plot shows it.
double last_loss(const RunReport& run) {
  Points losses;
  for (const TrainingStep& step : run.steps)
    losses.emplace_back(static_cast<double>(step.step), step.loss);
  double last = std::numeric_limits<double>::quiet_NaN();
  for (const auto& [step, loss] : exponential_moving_average(losses, smoothing_window(losses)))
    if (std::isfinite(loss))
      last = loss;
  return last;
}

/// The cells of a run, by column; for duplicate columns the last one counts.
std::vector<std::pair<std::string, std::string>> cells_of(const RunReport& run) {
  const ValidationPoint* best = best_validation(run);
  const bool begun = !run.steps.empty();
  std::vector<std::pair<std::string, std::string>> cells = {
      {"run", run.name},
      {"steps", begun ? std::to_string(run.steps.back().step) : "0"},
      {"epochs", begun ? format_fixed(run.steps.back().epoch, 2) : "0"},
      {"training loss", format_fixed(last_loss(run), 4)},
      {"best MAP@3", best != nullptr ? format_fixed(best->map_at_3, 4) : "-"},
      {"accuracy", best != nullptr ? format_fixed(best->accuracy, 4) : "-"},
  };
  cells.insert(cells.end(), run.facts.begin(), run.facts.end());
  return cells;
}

void add_table_of_runs(Page& page, const TrainingReport& report) {
  std::vector<std::string> columns;
  std::vector<std::vector<std::string>> rows;
  for (const RunReport& run : report.runs) {
    std::vector<std::string>& row = rows.emplace_back(columns.size());
    for (const auto& [name, value] : cells_of(run)) {
      const auto column = static_cast<std::size_t>(std::find(columns.begin(), columns.end(), name) - columns.begin());
      if (column == columns.size()) {
        columns.push_back(name);
        row.emplace_back();
      }
      row[column] = value;
    }
  }
  page.heading("Runs");
  if (rows.empty())
    page.paragraph("No run has begun yet.");
  else
    page.table(columns, rows);
}

void add_plots(Page& page, const TrainingReport& report) {
  const auto steps = [&](double TrainingStep::*quantity) { return series_of(report, &RunReport::steps, quantity); };
  const auto validations = [&](double ValidationPoint::*quantity) {
    return series_of(report, &RunReport::validations, quantity);
  };
  const auto add = [&](LinePlot plot, const char* caption) {
    plot.x_label = "step";
    page.figure(draw(plot), caption);
  };
  const std::vector<std::pair<double, std::string>> chance = {{kChanceLoss, "chance, ln 5 = 1.609"}};
  const char* smoothed = "Faint: every step. Bold: moving average, with its last value.";
  page.heading("Progress");
  add({.title = "Training loss",
       .y_label = "cross entropy",
       .series = steps(&TrainingStep::loss),
       .horizontal_marks = chance,
       .smooth = true},
      smoothed);
  add({.title = "MAP@3 in validation", .y_label = "MAP@3", .series = validations(&ValidationPoint::map_at_3)},
      "On the held-out questions. 1 is the maximum, 0.3667 is chance.");
  add({.title = "Validation loss",
       .y_label = "cross entropy",
       .series = validations(&ValidationPoint::loss),
       .horizontal_marks = chance},
      "If it rises while the training loss falls, the run memorises its questions.");
  add({.title = "Learning rate", .y_label = "learning rate", .series = steps(&TrainingStep::learning_rate)},
      "Warmup and decay as scheduled.");
  add({.title = "Gradient norm",
       .y_label = "L2 norm before clipping, logarithmic",
       .series = steps(&TrainingStep::gradient_norm),
       .log_y = true,
       .smooth = true},
      smoothed);
  add({.title = "Speed",
       .y_label = "tokens per second",
       .series = steps(&TrainingStep::tokens_per_second),
       .smooth = true},
      smoothed);
}

} // namespace

std::string training_report(const TrainingReport& report) {
  Page page(report.title, report.subtitle);
  for (const RunReport& run : report.runs)
    for (const std::string& warning : run.warnings)
      page.notice(run.name + ": " + warning);
  if (!report.ensemble.empty()) {
    page.heading("Ensemble");
    page.highlights(report.ensemble);
  }
  add_table_of_runs(page, report);
  add_plots(page, report);
  if (!report.settings.empty()) {
    page.heading("Settings");
    page.facts("setting", "value", report.settings);
  }
  return page.html();
}

} // namespace sciexam::inline report

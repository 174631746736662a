#include "report/index_report.hpp"

#include "report/bar_plot.hpp"
#include "report/page.hpp"
#include "support/text/numbers.hpp"

namespace sciexam::inline report {
namespace {

using Rows = std::vector<std::vector<std::string>>;

constexpr double kMegabyte = 1e6;

std::string per_passage(const IndexReport& report, std::uint64_t bytes) {
  return report.passages == 0 ? "-"
                              : format_fixed(static_cast<double>(bytes) / static_cast<double>(report.passages), 1);
}

void add_plots(Page& page, const IndexReport& report) {
  page.heading("Passages and their size");
  page.figure(
      draw(BarPlot{.title = "Lengths", .x_label = "terms of a passage", .y_label = "passages", .bars = report.lengths}),
      "Terms are what is searched: words without the stop words, with those of the title.");
  BarPlot parts{.title = "Size by part", .x_label = "part", .y_label = "MB"};
  for (const auto& [name, bytes] : report.parts)
    parts.bars.emplace_back(name, static_cast<double>(bytes) / kMegabyte);
  page.figure(draw(parts), "On disk, with their checksums.");
  Rows rows;
  std::uint64_t all = 0;
  for (const auto& [name, bytes] : report.parts) {
    rows.push_back({name, std::to_string(bytes), per_passage(report, bytes)});
    all += bytes;
  }
  rows.push_back({"all", std::to_string(all), per_passage(report, all)});
  page.table({"part", "bytes", "bytes a passage"}, rows);
}

void add_left_out(Page& page, const IndexReport& report) {
  page.heading("Left out");
  if (report.left_out.empty()) {
    page.paragraph("Nothing: every document of the corpus is an article of the index.");
    return;
  }
  Rows rows;
  for (const LeftOutDocuments& left : report.left_out) {
    std::string examples;
    for (const std::string& example : left.examples)
      examples += (examples.empty() ? "" : "; ") + example;
    const double part =
        report.documents == 0 ? 0 : 100 * static_cast<double>(left.documents) / static_cast<double>(report.documents);
    rows.push_back({left.reason, std::to_string(left.documents), format_fixed(part, 2) + " %", examples});
  }
  page.table({"reason", "documents", "of the corpus", "the first of them"}, rows);
}

void add_files(Page& page, const IndexReport& report) {
  Rows rows;
  for (const CorpusFileReport& file : report.files)
    rows.push_back({file.name, file.sha256.empty() ? "-" : std::to_string(file.bytes),
                    file.sha256.empty() ? "not a file: not hashed" : file.sha256});
  page.heading("Corpus");
  page.table({"file", "bytes", "sha256"}, rows);
}

} // namespace

std::string index_report(const IndexReport& report) {
  Page page(report.title, report.subtitle);
  page.highlights(report.highlights);
  add_plots(page, report);
  add_left_out(page, report);
  if (!report.files.empty())
    add_files(page, report);
  if (!report.building.empty()) {
    page.heading("Building");
    page.facts("fact", "value", report.building);
  }
  page.heading("This index");
  page.facts("fact", "value", report.facts);
  return page.html();
}

} // namespace sciexam::inline report

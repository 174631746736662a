#include "data/output/data_summary.hpp"

#include "support/text/numbers.hpp"

#include <algorithm>
#include <array>

namespace sciexam::inline data {
namespace {

constexpr std::size_t kMostRanges = 25;

/// 1, 2, 5, 10, 20, ...: the smallest of them with which `most` needs no more than kMostRanges ranges.
std::size_t range_width(std::size_t most) {
  std::size_t width = 1;
  for (int step = 0; most / width >= kMostRanges; ++step)
    width = step % 3 == 1 ? width / 2 * 5 : width * 2;
  return width;
}

} // namespace

std::vector<std::pair<std::string, double>> histogram(std::span<const std::size_t> values) {
  if (values.empty())
    return {};
  std::vector<std::size_t> sorted(values.begin(), values.end());
  std::sort(sorted.begin(), sorted.end());
  const std::size_t usual = sorted[sorted.size() - 1 - sorted.size() / 100];
  const std::size_t most = std::min(sorted.back(), usual + usual / 2); // the last range takes what is far beyond
  const std::size_t width = range_width(most);
  std::vector<std::pair<std::string, double>> ranges;
  for (std::size_t begin = sorted.front() / width * width; begin <= most; begin += width)
    ranges.emplace_back(
        width == 1 ? std::to_string(begin) : std::to_string(begin) + "-" + std::to_string(begin + width - 1), 0);
  const std::size_t first = sorted.front() / width;
  for (const std::size_t value : sorted)
    ++ranges[std::min(value / width - first, ranges.size() - 1)].second;
  if (const std::size_t begin = (first + ranges.size() - 1) * width; sorted.back() >= begin + width)
    ranges.back().first = std::to_string(begin) + " or more";
  return ranges;
}

std::vector<std::pair<Reason, std::size_t>> rejections_by_reason(const DataSet& data) {
  std::array<std::size_t, kReasons> counts{};
  for (const Rejection& rejection : data.rejected)
    ++counts[static_cast<std::size_t>(rejection.reason)];
  std::vector<std::pair<Reason, std::size_t>> present;
  for (int reason = 0; reason < kReasons; ++reason)
    if (const std::size_t count = counts[static_cast<std::size_t>(reason)]; count > 0)
      present.emplace_back(static_cast<Reason>(reason), count);
  return present;
}

std::string data_summary(const DataSet& data) {
  std::vector<std::size_t> kept(data.files.size()), rejected(data.files.size());
  for (const Record& record : data.records)
    ++kept[record.file];
  for (const Rejection& rejection : data.rejected)
    ++rejected[rejection.file];
  int width = 4;
  for (const DataFile& file : data.files)
    width = std::max(width, static_cast<int>(file.name.size()));

  std::string text;
  const auto add_line = [&](const std::string& name, const std::string& read, const std::string& stay,
                            const std::string& out) {
    text += printed("%-*.200s  %9s  %9s  %9s\n", width, name.c_str(), read.c_str(), stay.c_str(), out.c_str());
  };
  add_line("file", "read", "kept", "left out");
  for (std::size_t i = 0; i < data.files.size(); ++i)
    add_line(data.files[i].name, std::to_string(data.files[i].read), std::to_string(kept[i]),
             std::to_string(rejected[i]));
  for (const DataFile& file : data.files)
    if (!file.unused.empty())
      text += file.name + ": not used: " + file.unused + "\n";
  for (const auto& [reason, count] : rejections_by_reason(data))
    text += "left out: " + std::string(text_of(reason)) + ": " + std::to_string(count) + "\n";
  return text;
}

} // namespace sciexam::inline data

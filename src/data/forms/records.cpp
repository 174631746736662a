#include "data/forms/records.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <utility>

namespace sciexam::inline data {

std::string_view text_of(Reason reason) {
  constexpr std::array<std::string_view, kReasons> kTexts = {
      "wrong number of cells",
      "empty prompt",
      "too few options",
      "more than five options",
      "empty option",
      "two equal options",
      "no answer",
      "answer is not an option",
      "right option is empty",
      "duplicate",
      "near-duplicate",
      "near-duplicate of a held-out question",
      "easy for the ensemble",
      "request failed",
      "malformed response",
      "malformed question",
      "passage not in the articles",
  };
  return kTexts[static_cast<std::size_t>(reason)];
}

std::size_t DataSet::add_file(const std::string& path) {
  const std::string stem = std::filesystem::path(path).stem().string();
  const auto taken = [&](const std::string& name) {
    return std::any_of(files.begin(), files.end(), [&](const DataFile& file) { return file.name == name; });
  };
  std::string name = stem;
  for (int number = 2; taken(name); ++number)
    name = stem + "-" + std::to_string(number);
  files.push_back({.path = path, .name = name, .read = 0, .form = "", .unused = ""});
  return files.size() - 1;
}

void DataSet::reject(const Record& record, Reason reason, std::string detail) {
  rejected.push_back({record.file, record.row, reason, std::move(detail), record.question.prompt});
}

std::string DataSet::place_of(const Record& record) const {
  return std::filesystem::path(files[record.file].path).filename().string() + ", row " + std::to_string(record.row);
}

void remove_records(DataSet& data, const std::vector<bool>& dropped) {
  std::size_t kept = 0;
  for (std::size_t i = 0; i < data.records.size(); ++i)
    if (!dropped[i]) {
      if (kept != i)
        data.records[kept] = std::move(data.records[i]);
      ++kept;
    }
  data.records.resize(kept);
}

} // namespace sciexam::inline data

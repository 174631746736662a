// Small question sets, in files and in memory.
#pragma once

#include "data/forms/read_data.hpp"
#include "support/errors.hpp"
#include "support/files/files.hpp"
#include "temporary_folder.hpp"

#include <filesystem>
#include <fstream>
#include <string>

namespace sciexam::test {

inline std::filesystem::path write_file(const std::filesystem::path& path, const std::string& text) {
  std::ofstream(path, std::ios::binary) << text;
  return path;
}

/// The data set of one file "set.csv" with this text.
inline DataSet data_of(const std::string& text, const ReadRules& rules = {}) {
  const TemporaryFolder folder;
  DataSet data;
  read_data_file(write_file(folder / "set.csv", text), rules, data);
  return data;
}

/// A record of a set of one file, made in memory.
inline Record record(std::string prompt, std::array<std::string, kOptions> options, int answer) {
  Record made;
  made.question.prompt = std::move(prompt);
  made.question.options = std::move(options);
  made.question.answer = answer;
  return made;
}

inline DataSet set_of(std::vector<Record> records, const std::string& name = "set.csv") {
  DataSet data;
  data.add_file(name);
  data.files[0].read = records.size();
  for (std::size_t i = 0; i < records.size(); ++i) {
    records[i].row = i + 2;
    records[i].group = i;
    if (records[i].source.empty())
      records[i].source = data.files[0].name;
  }
  data.records = std::move(records);
  return data;
}

/// The text of the Error that `work` throws; empty if it throws none.
template <typename Work>
std::string fault_of(Work work) {
  try {
    work();
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

} // namespace sciexam::test

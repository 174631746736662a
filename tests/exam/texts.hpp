// Readers over texts in memory, and the message that a fault gives.
#pragma once

#include "exam/csv.hpp"
#include "exam/question.hpp"
#include "support/errors.hpp"

#include <memory>
#include <sstream>
#include <string>
#include <vector>

namespace sciexam::test {

using Rows = std::vector<std::vector<std::string>>;

inline CsvReader reader_of(const std::string& text) {
  return {std::make_unique<std::istringstream>(text), "exam.csv"};
}

inline Rows rows_of(const std::string& text) {
  CsvReader reader = reader_of(text);
  Rows rows;
  for (std::vector<std::string> cells; reader.next(cells);)
    rows.push_back(cells);
  return rows;
}

inline Exam exam_of(const std::string& text, ReadOptions options = {}) {
  CsvReader reader = reader_of(text);
  return read_exam(reader, options);
}

/// The text of the InputError that `work` throws; empty if it throws none.
template <typename Work>
std::string input_fault(Work work) {
  try {
    work();
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

} // namespace sciexam::test

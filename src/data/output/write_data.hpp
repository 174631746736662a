// Writes the training set, and what was left out of it.
#pragma once

#include "data/forms/records.hpp"

#include <filesystem>
#include <string>

namespace sciexam::inline data {

/// id,prompt,A,B,C,D,E,answer, context where any question has one, source, and fold where there are folds:
/// a CSV file that read_exam reads.
std::string data_csv(const DataSet& data);
/// Writes it. The file appears complete or not at all; throws WorkError if it cannot be written.
void write_data(const std::filesystem::path& path, const DataSet& data);

/// file,row,reason,detail,prompt of every question that was left out. Like write_data.
void write_rejected(const std::filesystem::path& path, const DataSet& data);

} // namespace sciexam::inline data

// What `bench` was asked to measure, and the rows that it prints.
#pragma once

#include <string>
#include <vector>

namespace sciexam::inline cli {

struct BenchOptions {
  int threads = 0, questions = 4000, models = 3;
  std::vector<int> lengths = {100};
  double seconds = 20;
  std::string report = {}, plot = {}, package = {}, precision = "f32", device = "cpu", shape = "large";
};

/// "4000 questions, 3 models", and the time that they take at this speed.
std::string projection_name(const BenchOptions& options);
std::string projection(const BenchOptions& options, int length, double tokens_per_second);

/// A table's row, each cell as wide as its header.
void print_row(const std::vector<std::string>& header, const std::vector<std::string>& cells);

} // namespace sciexam::inline cli

#include "cli/bench/bench_table.hpp"

#include "exam/question.hpp"
#include "support/messages/progress.hpp"
#include "support/text/counted.hpp"

#include <cstdio>

namespace sciexam::inline cli {

std::string projection_name(const BenchOptions& options) {
  return counted(options.questions, "question") + ", " + counted(options.models, "model");
}

std::string projection(const BenchOptions& options, int length, double tokens_per_second) {
  return format_duration(static_cast<double>(options.questions) * kOptions * length * options.models /
                         tokens_per_second);
}

void print_row(const std::vector<std::string>& header, const std::vector<std::string>& cells) {
  for (std::size_t i = 0; i < cells.size(); ++i)
    std::printf("%s%*s", i == 0 ? "" : "  ", static_cast<int>(header[i].size()), cells[i].c_str());
  std::printf("\n");
}

} // namespace sciexam::inline cli

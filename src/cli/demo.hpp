// sciexam-run --demo.
#pragma once

#include "cli/commands.hpp"
#include "retrieval/contexts/retriever.hpp"

#include <optional>
#include <string>

namespace sciexam::inline cli {

struct DemoOptions {
  int threads = 0; ///< 0: all
  std::string device, precision = "auto";
  std::string index; ///< a folder, in place of the built-in encyclopedia
  RetrievalSettings retrieval;
  std::optional<double> retrieval_weight; ///< nothing: the package's
};

/// Answers the built-in questions with the built-in package and encyclopedia, and prints questions, passages and
/// answers, with what index and models score alone and together.
ExitStatus run_demo(const DemoOptions& options);

} // namespace sciexam::inline cli

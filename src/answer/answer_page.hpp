// The report page of a run, from what it answered.
#pragma once

#include "ensemble/package_run.hpp"
#include "exam/question.hpp"
#include "retrieval/contexts/retriever.hpp"

#include <filesystem>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace sciexam::inline answer {

/// What is known of a run besides its answers: names and values as its first lines print them.
using RunFacts = std::vector<std::pair<std::string, std::string>>;

struct RunStages {
  double preparing = 0; ///< seconds until the first model is loaded
  double total = 0;
};

/// Writes the page. `passages`: [questions] or empty. Throws WorkError.
void write_answer_page(const std::filesystem::path& file, const Exam& exam, const EnsembleAnswers& answers,
                       std::span<const FoundPassages> passages, const Combination& combination, const RunFacts& facts,
                       const std::vector<std::string>& degradations, const RunStages& stages);

} // namespace sciexam::inline answer

// The references' three tiny models as packages, and their files.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace sciexam::test {

/// Three checkpoints of a source of reference results, their vocabulary, exam and expected submissions.
struct GoldenEnsemble {
  std::filesystem::path folder; ///< model_0 .. model_2, submission_*.csv, logits.safetensors, report.json
  std::filesystem::path vocabulary;
  std::filesystem::path exam;
};

/// The project's own.
const GoldenEnsemble& golden_ensemble();

/// That one, and the one of additional results where it is there.
const std::vector<GoldenEnsemble>& golden_ensembles();

/// The package of all its models, made once.
const std::filesystem::path& golden_package(const GoldenEnsemble& ensemble = golden_ensemble());

} // namespace sciexam::test

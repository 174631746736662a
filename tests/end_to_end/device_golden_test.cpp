// The references' four ensembles, on emulated GPUs.
#include "checkpoint/safetensors.hpp"
#include "end_to_end/emulated_gpu.hpp"
#include "end_to_end/golden_package.hpp"
#include "end_to_end/program.hpp"
#include "temporary_folder.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <functional>
#include <map>
#include <sstream>

#include <catch2/catch_test_macros.hpp>

using namespace sciexam;
using namespace sciexam::test;

namespace {

constexpr std::size_t kModels = 3, kLetters = 5;
constexpr double kClear = 2e-3; // scores that are closer may change places

using Scores = std::array<double, kLetters>;

/// A question's logits, one Scores a model, in f32 from the reference.
using Logits = std::array<Scores, kModels>;

std::vector<Logits> reference_logits(const GoldenEnsemble& ensemble) {
  std::vector<float> all;
  open_safetensors(ensemble.folder / "logits.safetensors")
      ->read([](const TensorInfo& tensor) { return tensor.name == "logits"; },
             [&](const TensorChunk& chunk) {
               all.resize(chunk.tensor.elements());
               convert_to_f32(chunk.tensor.dtype, chunk.bytes,
                              std::span(all).subspan(chunk.first, chunk.bytes.size() / sizeof(float)));
             },
             1);
  std::vector<Logits> questions(all.size() / (kModels * kLetters));
  for (std::size_t i = 0; i < all.size(); ++i)
    questions[i / kLetters % questions.size()][i / kLetters / questions.size()][i % kLetters] = all[i];
  return questions;
}

Scores probabilities(const Scores& logits) {
  Scores p;
  double sum = 0;
  for (std::size_t i = 0; i < kLetters; ++i)
    sum += p[i] = std::exp(logits[i]);
  for (double& each : p)
    each /= sum;
  return p;
}

/// Between neighbours of the first four: the order of three depends on these.
double least_gap(Scores scores) {
  std::sort(scores.begin(), scores.end(), std::greater<>());
  return std::min({scores[0] - scores[1], scores[1] - scores[2], scores[2] - scores[3]});
}

/// How far the reference's scores of a question are from another order. Votes change only with a model's own order.
double margin(const std::string& combine, const Logits& logits) {
  Scores mean{}, most{};
  double least = 1;
  for (const Scores& of_model : logits) {
    const Scores p = probabilities(of_model);
    least = std::min(least, least_gap(p));
    for (std::size_t i = 0; i < kLetters; ++i) {
      mean[i] += (combine == "mean-logits" ? of_model[i] : p[i]) / kModels;
      most[i] = std::max(most[i], p[i]);
    }
  }
  for (std::size_t i = 0; combine == "mean-plus-max" && i < kLetters; ++i)
    mean[i] += most[i];
  return combine == "vote" ? least : least_gap(mean);
}

/// The header and the first `questions` rows; quoted cells may hold newlines.
std::string first_rows(const std::string& csv, std::size_t questions) {
  bool quoted = false;
  std::size_t rows = 0, at = 0;
  for (; at < csv.size() && rows <= questions; ++at) {
    quoted = quoted != (csv[at] == '"');
    rows += csv[at] == '\n' && !quoted;
  }
  return csv.substr(0, at);
}

/// The device's orders are the reference's wherever those are clear, and they mostly are.
void check_ensemble(const GoldenEnsemble& ensemble, std::size_t most_questions, int devices) {
  INFO(ensemble.folder);
  const std::filesystem::path& package = golden_package(ensemble);
  const std::vector<Logits> reference = reference_logits(ensemble);
  const std::size_t questions = std::min(most_questions, reference.size());
  const TemporaryFolder folder;
  write_bytes(folder / "test.csv", first_rows(read_bytes(ensemble.exam), questions));
  for (const auto& [combine, file] :
       std::map<std::string, std::string>{{"mean-logits", "submission_mean_logits.csv"},
                                          {"mean-softmax", "submission_mean_softmax.csv"},
                                          {"mean-plus-max", "submission_mean_plus_max.csv"},
                                          {"vote", "submission_vote.csv"}}) {
    const ProgramResult run = run_command({program(), "--package", package, "--test", folder / "test.csv", "--output",
                                           folder / "submission.csv", "--combine", combine, "--device", "cuda"},
                                          {}, emulated({}, devices));
    INFO(combine << "\n" << run.err);
    REQUIRE(run.status == 0);
    CHECK(run.err.find("not used") == std::string::npos);
    CHECK(run.err.find("CPU alone") == std::string::npos);
    std::istringstream found(read_bytes(folder / "submission.csv")),
        expected(first_rows(read_bytes(ensemble.folder / file), questions));
    std::string a, b;
    std::size_t clear = 0;
    std::getline(found, a); // the headers
    std::getline(expected, b);
    for (std::size_t question = 0; std::getline(expected, b); ++question) {
      REQUIRE(std::getline(found, a));
      const bool is_clear = margin(combine, reference[question]) >= kClear;
      clear += is_clear;
      if (is_clear)
        CHECK(a == b);
    }
    CHECK_FALSE(std::getline(found, a));
    CHECK(clear > questions / 2);
  }
}

} // namespace

TEST_CASE("golden: two GPUs give the order of the reference's four ensembles", "[golden]") {
  for (const GoldenEnsemble& ensemble : golden_ensembles())
    check_ensemble(ensemble, 12, 2);
}

TEST_CASE("golden: a GPU gives the order of the reference's four ensembles for all questions", "[golden][long]") {
  for (const GoldenEnsemble& ensemble : golden_ensembles())
    check_ensemble(ensemble, SIZE_MAX, 1);
}

// The reference's four ensembles, on emulated GPUs.
#include "checkpoint/safetensors.hpp"
#include "end_to_end/emulated_gpu.hpp"
#include "end_to_end/golden_package.hpp"
#include "end_to_end/program.hpp"
#include "golden/golden.hpp"
#include "temporary_folder.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <map>
#include <sstream>

#include <catch2/catch_test_macros.hpp>

using namespace sciexam;
using namespace sciexam::test;

namespace {

constexpr std::size_t kModels = 3, kReferenceRows = 200, kLetters = 5;
constexpr double kClear = 2e-3; // scores that are closer may change places

using Scores = std::array<double, kLetters>;

/// A question's logits, one Scores a model, in f32 from the reference.
std::array<Scores, kModels> reference_logits(std::size_t question) {
  static const std::vector<float> all = [] {
    std::vector<float> logits(kModels * kReferenceRows * kLetters);
    open_safetensors(golden::folder() / "e2e/logits.safetensors")
        ->read([](const TensorInfo& tensor) { return tensor.name == "logits"; },
               [&](const TensorChunk& chunk) {
                 convert_to_f32(chunk.tensor.dtype, chunk.bytes,
                                std::span(logits).subspan(chunk.first, chunk.bytes.size() / sizeof(float)));
               },
               1);
    return logits;
  }();
  std::array<Scores, kModels> logits;
  for (std::size_t model = 0; model < kModels; ++model)
    std::copy_n(all.begin() + static_cast<std::ptrdiff_t>((model * kReferenceRows + question) * kLetters), kLetters,
                logits[model].begin());
  return logits;
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
double margin(const std::string& combine, std::size_t question) {
  const std::array<Scores, kModels> logits = reference_logits(question);
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
void check_ensembles(std::size_t questions, int devices) {
  const std::filesystem::path& package = golden_package();
  const TemporaryFolder folder;
  write_bytes(folder / "test.csv", first_rows(read_bytes(shared("data/train.csv")), questions));
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
        expected(first_rows(read_bytes(golden::folder() / "e2e" / file), questions));
    std::string a, b;
    std::size_t clear = 0;
    std::getline(found, a); // the headers
    std::getline(expected, b);
    for (std::size_t question = 0; std::getline(expected, b); ++question) {
      REQUIRE(std::getline(found, a));
      const bool is_clear = margin(combine, question) >= kClear;
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
  check_ensembles(12, 2);
}

TEST_CASE("golden: a GPU gives the order of the reference's four ensembles for all questions", "[golden][long]") {
  check_ensembles(kReferenceRows, 1);
}

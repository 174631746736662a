// Whether a package can be used as the command line asks, and the texts that say so.
#pragma once

#include "ensemble/package_exam.hpp"
#include "gpu/device_set.hpp"
#include "model/weights.hpp"
#include "package/package.hpp"

#include <cstddef>
#include <optional>
#include <span>
#include <string>

namespace sciexam::inline answer {

/// "TITLE, version 3 (3 models, closed_book, identity 0123456789abcdef)".
std::string describe(const Package& package);

/// What --precision asked for, and what that means for the networks.
struct PrecisionChoice {
  std::string given = "auto"; ///< auto, f32 or bf16
  Precision precision = Precision::as_stored;
};

/// Throws UsageError for bf16 where this CPU's kernels lack it, and logs a line where it would be slower than f32.
PrecisionChoice choose_precision(const std::string& given);

/// Throws UsageError if the package's weights are int8 and another precision was asked for, or if one of its models
/// cannot answer in the one that was.
void require_precision(const PrecisionChoice& choice, const Package& package);

/// What --streams, --max-length and --context-tokens ask for; nothing: the defaults.
struct ReadingChoice {
  std::optional<std::size_t> streams = {};
  std::optional<int> max_length = {}, context_tokens = {};
};

/// Contexts of a question that are read where GPUs answer: further ones help less than other models do, and take as
/// long. The CPU alone reads one.
inline constexpr std::size_t kStreamsOnDevices = 3;

/// Throws UsageError for several contexts, or a length of them, where the package's models read none.
void require_reading(const ReadingChoice& choice, const Package& package);

/// `devices` are open.
ReadingOptions reading_options(const ReadingChoice& choice, const Package& package, const DeviceSet& devices);

/// "up to 3 a question, sequences of at most 768 tokens, ...", and how many of the exam's own are not read.
std::string describe(const ReadingOptions& options, const Exam& exam);

/// Throws UsageError unless `weights` is empty or has one number for each model of the package and a positive sum.
void require_weights(std::span<const double> weights, const Package& package);

/// The precision of dense layers: "int8, as packed", "f32", "bf16"; with GPUs in use, there and on the CPU.
/// `devices` are open.
std::string name_of(Precision precision, const Package& package, const DeviceSet& devices);

} // namespace sciexam::inline answer

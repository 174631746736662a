// The models of a package as networks that answer.
#pragma once

#include "model/weights.hpp"
#include "package/package.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>

namespace sciexam::inline inference {

/// Bytes that answering `tokens` tokens at once will need: weights that are stored as `stored`, activations, the
/// program.
std::uint64_t answering_memory(const DebertaConfig& config, DType stored, Precision precision, std::int64_t tokens);

/// Bytes that one batch of `tokens` tokens, its longest sequence of `longest`, needs beside the loaded model:
/// activations and, on each thread, what attention keeps for a sequence.
std::uint64_t batch_memory(const DebertaConfig& config, std::int64_t tokens, std::int64_t longest, int threads);

/// Throws UsageError if a model of the package cannot answer in that precision. One that cannot be read is skipped.
void require_precision(const Package& package, Precision precision);

/// Builds the network of model `index` and fills it from the package, every byte hash-checked.
/// Throws PackageError if that model cannot be used, UsageError if not in that precision.
std::unique_ptr<AnsweringNetwork> load_model(const Package& package, std::size_t index, int threads,
                                             Precision precision = Precision::as_stored);

} // namespace sciexam::inline inference

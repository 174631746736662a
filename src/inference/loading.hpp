// The models of a package as networks that answer.
#pragma once

#include "model/weights.hpp"
#include "package/package.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>

namespace sciexam {

/// Bytes that answering with `tokens` tokens at once will need: weights that are stored as `stored`, activations, the
/// program.
std::uint64_t answering_memory(const DebertaConfig& config, DType stored, Precision precision, std::int64_t tokens);

/// Throws UsageError if a model of the package cannot answer in that precision. One that cannot be read is passed over.
void require_precision(const Package& package, Precision precision);

/// Builds the network of model `index` and fills it from the package, every byte hash-checked.
/// Throws PackageError if that model cannot be used, UsageError if it cannot be in that precision.
std::unique_ptr<AnsweringNetwork> load_model(const Package& package, std::size_t index, int threads,
                                             Precision precision = Precision::as_stored);

} // namespace sciexam

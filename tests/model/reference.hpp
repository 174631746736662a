// The reference's tensors and batches, for the tests of the network.
#pragma once

#include "checkpoint/checkpoint.hpp"
#include "model/deberta.hpp"
#include "model/weights.hpp"

#include <filesystem>
#include <map>
#include <memory>
#include <string>

#include <ATen/core/Tensor.h>

namespace sciexam::test {

using Tensors = std::map<std::string, at::Tensor>;

/// All tensors of a safetensors file, in their own types.
Tensors read_tensors(const std::filesystem::path& file);

/// The real tokens (attention_mask 1) of padded input_ids [questions, options, length], packed.
/// `rows` picks questions; empty takes all.
PackedSequences pack(const Tensors& io, const std::vector<std::int64_t>& rows = {});

/// The rows of x [sequences, length, ...] at real tokens, in packed order.
at::Tensor real_tokens(const at::Tensor& x, const at::Tensor& attention_mask);

/// A network with the weights of `file`, in `dtype`.
DebertaForMultipleChoice load(const std::filesystem::path& model_folder, const std::string& file,
                              at::ScalarType dtype = at::kFloat);

/// The same for answering, packed where the configuration can be.
std::unique_ptr<AnsweringNetwork> load_packed(const std::filesystem::path& model_folder, const std::string& file,
                                              Precision precision = Precision::as_stored);

/// The largest absolute difference, in double.
double max_difference(const at::Tensor& a, const at::Tensor& b);

/// Mean cross-entropy over questions of logits [questions * options] in packed order.
at::Tensor cross_entropy(const at::Tensor& logits, const at::Tensor& labels);

} // namespace sciexam::test

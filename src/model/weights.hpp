// Weights into the network and out of it.
#pragma once

#include "checkpoint/parameters.hpp"
#include "checkpoint/weight_source.hpp"
#include "model/deberta.hpp"

#include <filesystem>
#include <string>
#include <vector>

namespace sciexam {

/// Copies every parameter from `source`, converting to the network's type.
/// Returns the names of stored tensors that the network does not have. Missing
/// tensors and wrong shapes throw InputError by name; where `purpose` is
/// training_start, pooler.* and classifier.* may be missing and are left as they are.
std::vector<std::string> load_weights(DebertaForMultipleChoice& network, WeightSource& source, Purpose purpose,
                                      int threads);

/// A network that can do nothing but answer, on the CPU: its layers are packed as they are read (see for_answering()).
/// Throws as load_weights() does, and InputError for weights of one byte where there can be none.
DebertaForMultipleChoice load_to_answer(DebertaConfig config, WeightSource& source, int threads);

/// Writes all parameters under their Hugging Face names as one safetensors file
/// that transformers loads. `dtype` is f32, f16 or bf16.
void save_weights(const DebertaForMultipleChoice& network, const std::filesystem::path& file, DType dtype);

} // namespace sciexam

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

/// What the layers' dense parts multiply. as_stored: bytes where weights are stored so, else f32. bf16: weights are
/// rounded to it while they are packed, inputs when they are multiplied, and sums are of f32. Attention, norms,
/// embeddings, pooler and classifier are f32 always.
enum class Precision { as_stored, bf16 };

/// A network that can do nothing but answer, on the CPU: its layers are packed as they are read (see for_answering()).
/// bf16 works on every CPU, but is fast only where the kernels have it (Isa::avx512_bf16), with the same bits. Throws
/// as load_weights() does, and InputError for weights of one byte where there can be none, and UsageError for bf16
/// where weights are bytes, or layers cannot be packed.
DebertaForMultipleChoice load_to_answer(DebertaConfig config, WeightSource& source, int threads,
                                        Precision precision = Precision::as_stored);

/// Writes all parameters under their Hugging Face names as one safetensors file
/// that transformers loads. `dtype` is f32, f16 or bf16.
void save_weights(const DebertaForMultipleChoice& network, const std::filesystem::path& file, DType dtype);

} // namespace sciexam

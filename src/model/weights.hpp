// Weights into the network and out of it.
#pragma once

#include "checkpoint/parameters.hpp"
#include "checkpoint/weight_source.hpp"
#include "model/answering_network.hpp"
#include "model/deberta.hpp"
#include "model/packed_deberta.hpp"

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace sciexam::inline model {

/// Copies every parameter from `source`, converting to the network's type.
/// Returns the names of stored tensors that the network does not have. Throws InputError naming a tensor that is
/// missing or has a wrong shape; where `purpose` is training_start, pooler.* and classifier.* may be missing and are
/// left as they are.
std::vector<std::string> load_weights(const DebertaForMultipleChoice& network, WeightSource& source, Purpose purpose,
                                      int threads);

/// What the layers' dense parts multiply. as_stored: int8 where weights are stored so, else f32. bf16: weights are
/// rounded to it while they are packed, inputs when they are multiplied, and sums are f32. With int8 and bf16
/// attention multiplies 16-bit integers (AttentionProducts). Softmax, norms, embeddings, pooler and classifier are
/// always f32.
enum class Precision { as_stored, bf16 };

/// A network that answers on this CPU: packed where its configuration can be (can_be_packed()), else the reference.
/// bf16 works on every CPU, but is fast only where the kernels have it (Isa::avx512_bf16), with the same bits. Throws
/// as load_weights() does, InputError for int8 weights in a network that cannot have them, and UsageError for bf16
/// where weights are int8 or layers cannot be packed.
std::unique_ptr<AnsweringNetwork> load_to_answer(const DebertaConfig& config, WeightSource& source, int threads,
                                                 Precision precision = Precision::as_stored);

/// The same for a configuration that can be packed; layers are packed as they are read.
std::unique_ptr<PackedDeberta> load_packed(const DebertaConfig& config, WeightSource& source, int threads,
                                           Precision precision = Precision::as_stored);

/// Writes all parameters under their Hugging Face names as one safetensors file
/// that transformers loads. `dtype` is f32, f16 or bf16.
void save_weights(const DebertaForMultipleChoice& network, const std::filesystem::path& file, DType dtype);

} // namespace sciexam::inline model

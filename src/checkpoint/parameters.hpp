// The parameters of DebertaV2ForMultipleChoice, and which of a checkpoint's tensors they are.
#pragma once

#include "checkpoint/config.hpp"
#include "checkpoint/weight_source.hpp"

#include <map>
#include <span>
#include <string>
#include <vector>

namespace sciexam::inline checkpoint {

/// Name, shape and f32 of every parameter, in the order of transformers' state dict.
std::vector<TensorInfo> parameters_of(const DebertaConfig& config);

/// What the weights are wanted for.
enum class Purpose {
  answering,      ///< all parameters must be there
  training_start, ///< the head (pooler.*, classifier.*) may be missing, as in base checkpoints, or of another shape
};

/// Which stored tensors are the expected ones.
struct Match {
  std::map<std::string, std::string> stored_name; ///< of each expected tensor that is there
  std::vector<std::string> extra;                 ///< stored, but not expected
  std::vector<std::string> missing;               ///< of the head, where `purpose` permits it
  std::string note;                               ///< how stored names are read, see StoredNames::note()
};

/// Finds each expected tensor in `source`, by names as StoredNames reads them. Throws InputError, by name, if one is
/// missing (with what is there instead), has another shape (naming both) or is not of a floating-point type (of i8
/// where i8 is expected), or if there are adapters that are not merged into the weights.
Match match_parameters(std::span<const TensorInfo> expected, const WeightSource& source, Purpose purpose);

} // namespace sciexam::inline checkpoint

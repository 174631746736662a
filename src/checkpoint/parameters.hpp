// The parameters of DebertaV2ForMultipleChoice, and how a checkpoint's tensors
// answer to them.
#pragma once

#include "checkpoint/config.hpp"
#include "checkpoint/weight_source.hpp"

#include <map>
#include <span>
#include <string>
#include <vector>

namespace sciexam {

/// Name, shape and f32 of every parameter, in the order of transformers' state dict.
std::vector<TensorInfo> parameters_of(const DebertaConfig& config);

/// What the weights are wanted for.
enum class Purpose {
  answering,      ///< all parameters must be there
  training_start, ///< the head (pooler.*, classifier.*) may be missing, as in base checkpoints
};

/// How stored tensors answer to the expected ones.
struct Match {
  std::map<std::string, std::string> stored_name; ///< of each expected tensor that is there
  std::vector<std::string> extra;                 ///< stored, but not expected
  std::vector<std::string> missing;               ///< of the head, where `purpose` permits it
};

/// Finds each expected tensor in `source`. Where no stored name begins with
/// "deberta." (the export of a base model alone), names are taken without that
/// prefix, as transformers does. Throws InputError, by name, if one is missing,
/// has another shape (naming both) or is not of a floating-point type (of i8 where i8 is expected).
Match match_parameters(std::span<const TensorInfo> expected, const WeightSource& source, Purpose purpose);

} // namespace sciexam

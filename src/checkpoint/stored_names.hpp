// The names of a checkpoint's tensors, as the network has them: without what wrappers around a model put before them.
#pragma once

#include "checkpoint/weight_source.hpp"

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sciexam::inline checkpoint {

/// Finds stored tensors by the network's names. Removes from stored names a prefix that they share, whatever it
/// is ("module." of DataParallel, "model." of Lightning, "base_model.model." of PEFT), and the parts that torch.compile
/// ("_orig_mod."), FSDP and activation checkpointing put into names. LayerNorm.gamma and .beta are .weight and .bias,
/// as transformers reads them. Where the encoder's names lack "deberta." (the export of a base model alone), names are
/// found without it. The prefix is the one under which most of the network's names are found.
class StoredNames {
public:
  /// `expected` are the network's tensors; `source` outlives this. Throws InputError if two prefixes serve equally
  /// well, or two tensors have one name.
  StoredNames(std::span<const TensorInfo> expected, const WeightSource& source);

  /// The stored tensor of the network's `name`; null if there is none.
  const TensorInfo* find(std::string_view name) const;

  /// What is taken off and renamed, in one line: `names are read without "module."`. Empty if nothing is.
  std::string note() const;

private:
  void choose_prefix(std::span<const TensorInfo> expected, const WeightSource& source);

  std::map<std::string, const TensorInfo*, std::less<>> by_plain_name_;
  std::vector<std::string> removed_parts_; ///< "_orig_mod.", ...: what was met
  bool renamed_norms_ = false;
  std::string prefix_;
  bool has_base_ = true; ///< "deberta." follows the prefix
};

} // namespace sciexam::inline checkpoint

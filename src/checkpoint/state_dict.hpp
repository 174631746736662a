// The state dict in a pickle of torch.save: alone, or inside what a training script saved.
#pragma once

#include "checkpoint/tensor_views.hpp"

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace sciexam::inline checkpoint {

/// What such a pickle may import: tensors, and plain data such as NumPy's numbers, paths and settings, which are
/// skipped.
const std::vector<std::string_view>& state_dict_globals();

/// The tensors of a state dict.
struct StateDict {
  std::vector<TensorInfo> tensors = {};
  std::vector<TensorPlace> places = {}; ///< of each tensor
  std::vector<std::string> unused = {}; ///< keys of other state dicts beside it, e.g. "ema"
  std::string key = {}; ///< the key under which it was found, e.g. "state_dict"; empty: the pickle itself
};

/// Reads the state dict: `root` itself, or what it has under "state_dict", "model" or another usual key, else the only
/// member that holds tensors. Throws InputError if there is none, if no key shows which of several is meant, or if a
/// tensor does not fit its storage.
StateDict read_state_dict(const PickleValue& root, const Storages& storages, const std::filesystem::path& file);

} // namespace sciexam::inline checkpoint

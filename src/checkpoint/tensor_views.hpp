// Tensors in a pickle of torch.save: calls that rebuild them as views of storages, which lie elsewhere in the file.
// torch/serialization.py (persistent_id), torch/_utils.py (_rebuild_tensor_v2).
#pragma once

#include "checkpoint/mapped_weights.hpp"
#include "checkpoint/pickle.hpp"

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sciexam::inline checkpoint {

/// Where the bytes of one storage lie in a file.
struct StoragePlace {
  std::uint64_t offset = 0, bytes = 0;
  bool compressed = false;
};

/// What to do about compressed storages.
inline constexpr std::string_view kUncompressed =
    "Unpack it and pack it again without compression (unzip, then zip -0 -r), or save it again with torch.save";

/// The storages of a file, by the keys that persistent ids give.
struct Storages {
  std::string prefix = {}; ///< of a key in messages: "archive/data/"
  std::map<std::string, StoragePlace> by_key = {};
};

/// What a persistent id says about its storage.
struct StorageId {
  DType dtype = DType::f32;
  std::string key = {};
  std::uint64_t elements = 0;
};

/// ("storage", storage class, key, location, number of elements[, None]); nullopt for anything else.
std::optional<StorageId> read_storage_id(const PickleValue& value);

/// The globals that tensors are made of: for Pickle's allowed ones.
const std::vector<std::string_view>& tensor_globals();

/// True if the value rebuilds a tensor or a parameter.
bool is_tensor(const PickleValue& value);

/// The tensor that such a value rebuilds, under `name`, and where its elements lie. Throws InputError, naming the
/// tensor, if it reaches beyond its storage or has more elements than the storage.
std::pair<TensorInfo, TensorPlace> read_tensor_view(const std::string& name, const PickleValue& value,
                                                    const Storages& storages, const std::filesystem::path& file);

} // namespace sciexam::inline checkpoint

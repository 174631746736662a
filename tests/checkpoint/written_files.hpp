// Checkpoint files made by hand, whole or broken.
#pragma once

#include "checkpoint/weight_source.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sciexam::test {

inline std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text));
}

/// `count` bytes of `value`, little-endian.
std::string little_endian(std::uint64_t value, int count);

/// A safetensors file: the length of `json`, `json`, `data_bytes` zeros.
std::string safetensors_text(std::string_view json, std::size_t data_bytes);

/// A small complete safetensors file with F32 tensors [2] of zeros.
std::string small_safetensors(const std::vector<std::string>& names);

/// Writes a zip file with these entries, stored but for those named in `deflated`.
void write_zip(const std::filesystem::path& file, const std::vector<std::pair<std::string, std::string>>& entries,
               const std::set<std::string>& deflated = {});

/// A storage of the form that torch.save wrote before PyTorch 1.6.
struct LegacyStorage {
  std::string key;
  std::uint64_t elements;
  std::string data;
};

/// A file of that form: `object` is the pickle of a state dict, PROTO to STOP.
std::string legacy_file(std::string_view object, const std::vector<LegacyStorage>& storages);

/// All data of all tensors that `source` gives, by name.
std::map<std::string, std::string> read_all(WeightSource& source, int threads = 2);

/// Pieces of a pickle, protocol 2.
namespace pickle {
std::string text(std::string_view value);
std::string integer(std::int32_t value);
std::string global(std::string_view module, std::string_view name);
std::string tuple(const std::vector<std::string>& items);
std::string integers(const std::vector<std::int32_t>& values);
/// ("storage", torch.CLASS, key, "cpu", elements) as a persistent id.
std::string storage(std::string_view storage_class, std::string_view key, std::int32_t elements);
/// The same with a sixth element, None, as the form before PyTorch 1.6 has it.
std::string legacy_storage(std::string_view storage_class, std::string_view key, std::int32_t elements);
/// A call of torch._utils._rebuild_tensor_v2.
std::string tensor(const std::string& storage, std::int32_t offset, const std::vector<std::int32_t>& shape,
                   const std::vector<std::int32_t>& strides);
/// A dictionary of text keys; the values are pieces.
std::string dictionary(const std::vector<std::pair<std::string, std::string>>& members);
/// PROTO 2 ... STOP around one value.
std::string whole(std::string_view value);
} // namespace pickle

} // namespace sciexam::test

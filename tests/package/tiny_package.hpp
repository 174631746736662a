// A tiny checkpoint and the package made of it.
#pragma once

#include "package/pack.hpp"
#include "temporary_folder.hpp"

#include <cstddef>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace sciexam::test {

/// All tensors' bytes by name.
using Tensors = std::map<std::string, std::vector<std::byte>>;

/// Writes config.json and model.safetensors (f32) of a one-layer network. Its values are exact in f16.
/// `change` may alter the values of a tensor.
void write_checkpoint(const std::filesystem::path& folder, int vocab_size = 20,
                      const std::function<void(const std::string& tensor, std::vector<float>& values)>& change = {});

/// `count` models "run_0" .. in folder / "checkpoint_0" .., the vocabulary, the output folder / "package".
PackRequest tiny_request(const std::filesystem::path& folder, int count = 1, int vocab_size = 20);

/// Reads everything, checking that every element of every tensor comes exactly once.
Tensors read_all(WeightSource& source, int threads = 2);

std::string read_file(const std::filesystem::path& file);
void write_file(const std::filesystem::path& file, std::string_view text);
/// Flips one bit of the file; bits are counted from the lowest of the first byte.
void flip_bit(const std::filesystem::path& path, std::uint64_t bit);
/// The names of a folder's entries, sorted.
std::vector<std::string> names_in(const std::filesystem::path& folder);

/// What `zstd -d` makes of the file.
std::string decompress(const std::filesystem::path& file);

} // namespace sciexam::test

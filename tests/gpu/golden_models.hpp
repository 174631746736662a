// The reference results' models, as the device takes them.
#pragma once

#include "gpu/device_batch.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace sciexam::test {

/// A file's tensors as doubles.
std::map<std::string, std::vector<double>> read_doubles(const std::filesystem::path& file);

/// Packed sequences, without the padding of a reference file.
struct Batch {
  std::vector<std::int32_t> ids, types, offsets{0};
  DeviceBatch view() const { return {ids, types, offsets}; }
};

/// All sequences of a reference file, at most `at_once` in a batch: the emulated device is slow.
std::vector<Batch> batches_of(const std::map<std::string, std::vector<double>>& io, std::size_t sequences,
                              std::size_t at_once = 10);

/// The folders of models with reference results.
std::vector<std::filesystem::path> model_folders();

} // namespace sciexam::test

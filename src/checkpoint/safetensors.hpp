// The safetensors format: 8 bytes with the length of a JSON header (little-endian),
// the header, the tensors' data without gaps.
// https://github.com/huggingface/safetensors#format
#pragma once

#include "checkpoint/weight_source.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace sciexam::inline checkpoint {

/// The list of tensors of a safetensors file, and where their data lie.
struct SafetensorsHeader {
  std::uint64_t length = 0;           ///< of the header with its length field: the offset of the first data byte
  std::vector<TensorInfo> tensors;    ///< in the order of their data
  std::vector<std::uint64_t> offsets; ///< of tensors[i]'s first byte in the file
  std::map<std::string, std::string> metadata; ///< "__metadata__", usually {"format": "pt"}
};

/// Reads the header from `file_begin`, the first bytes of a file of `file_size`
/// bytes; the data need not be there. `name` is only used in messages. Throws
/// InputError if the header is longer than 100 MB or than `file_begin`, is not
/// such JSON, or describes data that overlap, leave holes, do not fit their
/// shapes or do not end where the file ends.
SafetensorsHeader parse_safetensors_header(std::span<const std::byte> file_begin, std::uint64_t file_size,
                                           const std::filesystem::path& name);

/// Maps the file and reads its header. Throws UsageError if it cannot be opened, InputError as above.
std::unique_ptr<WeightSource> open_safetensors(const std::filesystem::path& file);

/// The header of a file with these tensors' data in this order: padded with
/// spaces so that the data begin at a multiple of 8 bytes.
std::string safetensors_header(std::span<const TensorInfo> tensors, const std::map<std::string, std::string>& metadata);

/// Writes a safetensors file (atomically). `data` fills in bytes `first` .. of tensor `index`, in the order of
/// `tensors`; a few megabytes of whole elements are held in memory at a time. Throws WorkError.
void write_safetensors(const std::filesystem::path& file, std::span<const TensorInfo> tensors,
                       const std::map<std::string, std::string>& metadata,
                       const std::function<void(std::size_t index, std::size_t first, std::span<std::byte> out)>& data);

} // namespace sciexam::inline checkpoint

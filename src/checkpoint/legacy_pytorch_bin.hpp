// What torch.save wrote before PyTorch 1.6, and still writes with _use_new_zipfile_serialization=False. One after the
// other: pickles of a magic number, the protocol (1001), the machine, the object and the list of its storages' keys;
// then each storage in this order, its number of elements (8 bytes) before its data. torch/serialization.py,
// _legacy_save and _legacy_load.
#pragma once

#include "checkpoint/state_dict.hpp"

#include <cstddef>
#include <filesystem>
#include <span>

namespace sciexam::inline checkpoint {

/// True if a file that begins like this is in that form.
bool is_legacy_pytorch_bin(std::span<const std::byte> file_begin) noexcept;

/// Reads the list of tensors of a complete file in that form; `file` is only used in messages. Throws InputError if it
/// is damaged, cut off, from a big-endian machine, or holds something other than a state dict.
StateDict read_legacy_pytorch_bin(std::span<const std::byte> bytes, const std::filesystem::path& file);

} // namespace sciexam::inline checkpoint

// pytorch_model.bin: a state dict as torch.save writes it since PyTorch 1.6, a
// zip file with a pickle (data.pkl) and one stored entry a storage (data/0, ...).
// torch/serialization.py, torch/_utils.py (_rebuild_tensor_v2).
#pragma once

#include "checkpoint/weight_source.hpp"

#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>

namespace sciexam {

/// Maps the file and reads its list of tensors; nothing in it is executed.
/// Several tensors may share one storage. The checksums of the zip are not
/// looked at, as PyTorch itself does not always write them.
/// Throws UsageError if the file cannot be opened; InputError if it is in the
/// form before PyTorch 1.6, compressed, damaged, holds tensors that are not
/// contiguous, or asks to import anything but tensors.
std::unique_ptr<WeightSource> open_pytorch_bin(const std::filesystem::path& file);

/// True for the form before PyTorch 1.6: a pickle of a magic number comes first.
bool is_old_pytorch_form(std::span<const std::byte> file_begin) noexcept;

} // namespace sciexam

// pytorch_model.bin: a state dict as torch.save writes it. Since PyTorch 1.6 that is a zip file with a pickle
// (data.pkl) and one stored entry per storage (data/0, ...); before, five parts one after the other
// (legacy_pytorch_bin.hpp). torch/serialization.py.
#pragma once

#include "checkpoint/weight_source.hpp"

#include <filesystem>
#include <memory>

namespace sciexam::inline checkpoint {

/// Maps the file and reads its list of tensors; nothing in it is executed. Several tensors may share one storage, with
/// any strides. The checksums of the zip are ignored, as PyTorch itself does not always write them.
/// Throws UsageError if the file cannot be opened; InputError if it is compressed, damaged, from a big-endian machine,
/// or asks to import anything but tensors and plain data.
std::unique_ptr<WeightSource> open_pytorch_bin(const std::filesystem::path& file);

} // namespace sciexam::inline checkpoint

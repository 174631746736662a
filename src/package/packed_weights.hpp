// A packed model's weights as a WeightSource.
#pragma once

#include "checkpoint/weight_source.hpp"
#include "package/zstd_frames.hpp"

#include <memory>

namespace sciexam::inline package {

/// Reads the list of tensors from frame 0, which must be a safetensors header
/// and nothing else. Throws PackageError if it is damaged, if a tensor is not
/// of `dtype` (where that is i8: of i8, f16 or f32), or if a frame ends within an element.
std::unique_ptr<WeightSource> open_packed_weights(FrameReader reader, DType dtype);

} // namespace sciexam::inline package

// The kernels as PTX, which lie zstd-packed in the program.
#pragma once

#include <cstddef>
#include <span>
#include <string>

namespace sciexam {

/// The least compute capability that an image serves, 75 or 80, for a device of `compute_capability`; 0: none does.
int image_for(int compute_capability);

/// The PTX text for a device; SCIEXAM_GPU_KERNELS=75 takes that of the oldest ones for newer ones too (so that it can
/// be tried without a T4). Throws DeviceError (unsupported) below 7.5, or if that variable is anything else.
std::string kernel_image(int compute_capability);

} // namespace sciexam

// The kernels as PTX, which is stored zstd-compressed in the program.
#pragma once

#include <cstddef>
#include <span>
#include <string>

namespace sciexam::inline gpu {

/// The least compute capability that an image serves, 75 or 80, for a device of `compute_capability`; 0: none does.
int image_for(int compute_capability);

/// The PTX text for a device; with SCIEXAM_GPU_KERNELS=75 the oldest one, for newer devices too (to try it without a
/// T4). Throws DeviceError (unsupported) below 7.5, or for any other value of that variable.
std::string kernel_image(int compute_capability);

} // namespace sciexam::inline gpu

// The kernels as PTX, which lie zstd-packed in the program.
#pragma once

#include <cstddef>
#include <span>
#include <string>

namespace sciexam {

/// The least compute capability that an image serves, 75 or 80, for a device of `compute_capability`; 0: none does.
int image_for(int compute_capability);

/// The PTX text for a device. Throws DeviceError (unsupported) below 7.5.
std::string kernel_image(int compute_capability);

} // namespace sciexam

// The helper's executable (helper/main.cpp), which is stored zstd-compressed in the program.
#pragma once

#include <string>

namespace sciexam::inline gpu {

/// The bytes of the ELF file. Throws std::bad_alloc.
std::string helper_image();

} // namespace sciexam::inline gpu

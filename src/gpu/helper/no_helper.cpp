// Instead of start_helper.cpp in a program built without GPU support.
#include "gpu/helper/start_helper.hpp"
#include "support/errors.hpp"

namespace sciexam::inline gpu {

pid_t start_helper(const std::vector<std::string>&, const std::vector<int>&, const std::filesystem::path&) {
  throw WorkError("this program was built without GPU support (SCIEXAM_GPU=OFF)");
}

} // namespace sciexam::inline gpu

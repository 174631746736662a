#include "support/machine/cpu.hpp"

#include <fstream>
#include <initializer_list>
#include <utility>

namespace sciexam::inline support {

bool cpu_is_supported() {
  __builtin_cpu_init();
  // GCC 12 knows the level by name, clang 14 does not.
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi") &&
         __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("popcnt");
}

std::string cpu_features() {
  __builtin_cpu_init();
  const std::initializer_list<std::pair<const char*, bool>> features = {
      {"AVX2", __builtin_cpu_supports("avx2")},
      {"FMA", __builtin_cpu_supports("fma")},
      {"AVX-512",
       __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq")},
      {"AVX-512-VNNI", __builtin_cpu_supports("avx512vnni")},
      {"AVX-512-BF16", __builtin_cpu_supports("avx512bf16")},
  };
  std::string text;
  for (const auto& [name, present] : features)
    if (present)
      text += (text.empty() ? "" : " ") + std::string(name);
  return text.empty() ? "none" : text;
}

std::string cpu_model() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);)
    if (line.starts_with("model name"))
      if (const std::size_t colon = line.find(": "); colon != std::string::npos)
        return line.substr(colon + 2);
  return "unknown";
}

} // namespace sciexam::inline support

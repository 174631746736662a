#include "support/machine/cpu.hpp"

#include <fstream>
#include <string>

#include <catch2/catch_test_macros.hpp>

using namespace sciexam;

TEST_CASE("the CPU's features are those that the kernel lists") {
  std::string flags;
  std::ifstream cpuinfo("/proc/cpuinfo");
  for (std::string line; flags.empty() && std::getline(cpuinfo, line);)
    if (line.starts_with("flags"))
      flags = line + " ";
  if (flags.empty())
    SKIP("no /proc/cpuinfo");
  const auto has = [&](const std::string& flag) { return flags.find(" " + flag + " ") != std::string::npos; };
  const auto shows = [](const std::string& name) {
    return (cpu_features() + " ").find(name + " ") != std::string::npos;
  };
  CHECK(cpu_is_supported() == (has("avx2") && has("fma") && has("bmi1") && has("bmi2") && has("popcnt")));
  CHECK(shows("AVX2") == has("avx2"));
  CHECK(shows("FMA") == has("fma"));
  CHECK(shows("AVX-512") == (has("avx512vl") && has("avx512bw") && has("avx512dq")));
  CHECK(shows("AVX-512-VNNI") == has("avx512_vnni"));
  CHECK(shows("AVX-512-BF16") == has("avx512_bf16"));
}

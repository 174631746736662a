#include "kernels/isa.hpp"

#include "support/errors.hpp"

#include <cstdlib>

namespace sciexam {
namespace {

Isa choose() {
  const char* forced = std::getenv("SCIEXAM_ISA"); // NOLINT(concurrency-mt-unsafe): nothing writes the environment
  if (forced == nullptr || *forced == '\0')
    return cpu_has(Isa::avx512) ? Isa::avx512 : Isa::avx2;
  const std::string name = forced;
  if (name != "avx2" && name != "avx512")
    throw UsageError("SCIEXAM_ISA is '" + name + "'. Set it to avx2 or avx512, or not at all");
  const Isa isa = name == "avx2" ? Isa::avx2 : Isa::avx512;
  if (!cpu_has(isa))
    throw UsageError("SCIEXAM_ISA is " + name + ", which this CPU does not have. Unset it");
  return isa;
}

} // namespace

Isa chosen_isa() {
  static const Isa isa = choose();
  return isa;
}

std::string isa_name(Isa isa) {
  return isa == Isa::avx2 ? "AVX2" : "AVX-512";
}

bool cpu_has(Isa isa) {
  __builtin_cpu_init();
  if (isa == Isa::avx2)
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("f16c");
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq");
}

} // namespace sciexam

#include "kernels/isa.hpp"

#include "support/errors.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <string_view>

#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace sciexam::inline kernels {
namespace {

struct Known {
  Isa isa;
  const char *option, *name;
};
/// The best first.
constexpr std::array<Known, 5> kKnown = {{{Isa::avx512_amx, "avx512_amx", "AVX-512 with AMX"},
                                          {Isa::avx512_bf16, "avx512_bf16", "AVX-512 with VNNI and bf16"},
                                          {Isa::avx512_vnni, "avx512_vnni", "AVX-512 with VNNI"},
                                          {Isa::avx512, "avx512", "AVX-512"},
                                          {Isa::avx2, "avx2", "AVX2"}}};

const Known& known(Isa isa) {
  return *std::find_if(kKnown.begin(), kKnown.end(), [=](const Known& each) { return each.isa == isa; });
}

/// What hold_isa() asked for.
std::optional<Isa>& held_isa() {
  static std::optional<Isa> held;
  return held;
}

Isa choose() {
  if (held_isa())
    return *held_isa();
  const char* forced = std::getenv("SCIEXAM_ISA");
  if (forced == nullptr || *forced == '\0')
    return best_isa();
  const std::optional<Isa> isa = isa_of_option(forced);
  if (!isa)
    throw UsageError("SCIEXAM_ISA is '" + std::string(forced) +
                     "'. Set it to avx2, avx512, avx512_vnni, avx512_bf16 or avx512_amx, or not at all");
  if (!cpu_has(*isa))
    throw UsageError("SCIEXAM_ISA is " + std::string(forced) + ", which this CPU does not have. Unset it");
  return *isa;
}

/// __builtin_cpu_supports() of clang 14 does not know it.
bool has_f16c() {
  unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
  return __get_cpuid(1, &eax, &ebx, &ecx, &edx) != 0 && (ecx & bit_F16C) != 0;
}

bool has_amx() {
  constexpr unsigned kTile = 1U << 24, kBf16 = 1U << 22, kInt8 = 1U << 25; // CPUID 7, EDX
  unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
  constexpr unsigned kAll = kTile | kBf16 | kInt8;
  if (__get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) == 0 || (edx & kAll) != kAll)
    return false;
  // A thread's state has the 8 KB of registers only if its process asked for them; kernels before 5.16 reject the
  // request.
  constexpr long kRequestPermission = 0x1023, kTileData = 18; // ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA
  static const bool permitted = ::syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
  return permitted;
}

} // namespace

Isa chosen_isa() {
  static const Isa isa = choose();
  return isa;
}

void hold_isa(Isa isa) {
  held_isa() = isa;
  if (chosen_isa() != isa)
    throw InternalError("kernels of " + isa_name(chosen_isa()) + " were in use before " + isa_name(isa) +
                        " was asked for");
}

Isa best_isa() {
  return std::find_if(kKnown.begin(), kKnown.end() - 1, [](const Known& each) { return cpu_has(each.isa); })->isa;
}

std::string isa_name(Isa isa) {
  return known(isa).name;
}

std::string isa_option(Isa isa) {
  return known(isa).option;
}

std::optional<Isa> isa_of_option(std::string_view option) {
  const auto* const found =
      std::find_if(kKnown.begin(), kKnown.end(), [&](const Known& each) { return option == each.option; });
  return found == kKnown.end() ? std::nullopt : std::optional(found->isa);
}

bool cpu_has(Isa isa) {
  __builtin_cpu_init();
  if (isa == Isa::avx2)
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && has_f16c();
  const bool avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
                      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw");
  if (!avx512 || isa == Isa::avx512)
    return avx512;
  const bool vnni = __builtin_cpu_supports("avx512vnni");
  if (!vnni || isa == Isa::avx512_vnni)
    return vnni;
  return __builtin_cpu_supports("avx512bf16") && (isa == Isa::avx512_bf16 || has_amx());
}

} // namespace sciexam::inline kernels

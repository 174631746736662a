// Which of the kernels' instruction sets is used: the best that the CPU has, or the one that is asked for.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace sciexam::inline kernels {

/// Each includes all those before it. avx512_vnni: AVX-512 with products of int8; avx512_bf16: also with products of
/// bf16; avx512_amx: also with AMX, a unit for matrix products of both.
enum class Isa { avx2, avx512, avx512_vnni, avx512_bf16, avx512_amx };

/// What hold_isa() asked for; else SCIEXAM_ISA (avx2, avx512, avx512_vnni, avx512_bf16 or avx512_amx) if it is set;
/// else the best that this CPU has. The same on every call. Throws UsageError for another value of SCIEXAM_ISA, and for
/// one that this CPU does not have.
Isa chosen_isa();

/// Makes `isa`, which this CPU must have, the chosen one, whatever SCIEXAM_ISA says. Throws InternalError if
/// chosen_isa() has returned another one before.
void hold_isa(Isa isa);

/// The best that this CPU has.
Isa best_isa();

/// "AVX2", "AVX-512", "AVX-512 with VNNI", "AVX-512 with VNNI and bf16", "AVX-512 with AMX".
std::string isa_name(Isa isa);

/// As spelled in command lines and files: "avx2", "avx512", "avx512_vnni", "avx512_bf16", "avx512_amx".
std::string isa_option(Isa isa);
/// The reverse; nothing for any other text.
std::optional<Isa> isa_of_option(std::string_view option);

/// True if this CPU can run it. Asks the kernel for AMX, as a process must before it uses it.
bool cpu_has(Isa isa);

} // namespace sciexam::inline kernels

// Which of the kernels' instruction sets is used: the best that the CPU has, chosen once.
#pragma once

#include <string>

namespace sciexam {

/// avx512_vnni: AVX-512 with int8 products; avx512_bf16: with bf16 products too; avx512_amx: with AMX too, a matrix
/// unit for both.
enum class Isa { avx2, avx512, avx512_vnni, avx512_bf16, avx512_amx };

/// SCIEXAM_ISA (avx2, avx512, avx512_vnni, avx512_bf16 or avx512_amx) if it is set, else the best that this CPU has;
/// the same on every call. Throws UsageError for any other value and for one that this CPU lacks.
Isa chosen_isa();

/// "AVX2", "AVX-512", "AVX-512 with VNNI", "AVX-512 with VNNI and bf16", "AVX-512 with AMX".
std::string isa_name(Isa isa);

/// True if this CPU can run it. A process needs the kernel's permission for AMX, which this requests.
bool cpu_has(Isa isa);

} // namespace sciexam

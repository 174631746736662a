// Which of the kernels' instruction sets is used: the best that the CPU has, chosen once.
#pragma once

#include <string>

namespace sciexam {

/// avx512_vnni: AVX-512 with products of bytes; avx512_bf16: with those and with products of bf16; avx512_amx: with
/// these and with AMX, a unit for products of matrices of both.
enum class Isa { avx2, avx512, avx512_vnni, avx512_bf16, avx512_amx };

/// SCIEXAM_ISA (avx2, avx512, avx512_vnni, avx512_bf16 or avx512_amx) if it is set, else the best that this CPU has;
/// the same on every call. Throws UsageError for another value and for one that this CPU does not have.
Isa chosen_isa();

/// "AVX2", "AVX-512", "AVX-512 with VNNI", "AVX-512 with VNNI and bf16", "AVX-512 with AMX".
std::string isa_name(Isa isa);

/// True if this CPU can run it. For AMX, which a process has to ask the kernel for, it is asked for.
bool cpu_has(Isa isa);

} // namespace sciexam

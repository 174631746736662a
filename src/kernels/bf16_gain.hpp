// Whether products of bf16 are worth it on this CPU.
#pragma once

namespace sciexam {

/// How many times as fast as those of f32 one thread's products of bf16 are, with the chosen kernels; measured once, in
/// some milliseconds. (VDPBF16PS alone does not say: AMD's Zen 4 runs it at twice f32's rate, Intel's CPUs at half of
/// it, as measured on Emerald Rapids, and have AMX for bf16.) Throws std::bad_alloc.
double bf16_gain();

} // namespace sciexam

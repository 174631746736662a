// Whether bf16 products pay off on this CPU.
#pragma once

namespace sciexam {

/// How many times as fast as f32 products bf16 ones are, on one thread with the chosen kernels; measured once, in a few
/// milliseconds. (VDPBF16PS alone does not tell: AMD's Zen 4 runs it at twice the rate of f32, Intel's CPUs at half of
/// it, as measured on Emerald Rapids, but these have AMX for bf16.) Throws std::bad_alloc.
double bf16_gain();

} // namespace sciexam

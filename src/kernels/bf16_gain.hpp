// Whether bf16 products pay off on this CPU.
#pragma once

namespace sciexam::inline kernels {

/// The speed of bf16 products relative to f32 ones, on one thread with the chosen kernels; measured once, in a few
/// milliseconds. (Having VDPBF16PS does not settle it: AMD's Zen 4 runs it at twice the rate of f32, Intel's CPUs at
/// half of it, as measured on Emerald Rapids, but those have AMX for bf16.) Throws std::bad_alloc.
double bf16_gain();

} // namespace sciexam::inline kernels

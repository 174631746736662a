// x86-64-v3 is the minimum that sciexam runs on. Only functions with this attribute use it, so that the
// check for it (cpu.hpp) can itself run on older CPUs.
#pragma once

#define SCIEXAM_V3 __attribute__((target("avx2,fma,f16c")))

// Stands in for the cpuinfo library: the few questions that the compiled files
// of PyTorch ask of it, answered by the compiler's cpuid and by glibc's cache
// sizes (cpuid as well). Needs neither /proc nor /sys.
#pragma once

#include <cstdint>
#include <thread>

#include <unistd.h>

struct cpuinfo_cache {
  uint32_t size;
};
struct cpuinfo_processor {
  struct {
    const cpuinfo_cache* l1d;
    const cpuinfo_cache* l2;
  } cache;
};

inline bool cpuinfo_initialize() {
  __builtin_cpu_init();
  return true;
}
inline bool cpuinfo_has_x86_daz() { return true; } // every x86-64 CPU but the very first
inline bool cpuinfo_has_x86_f16c() { return __builtin_cpu_supports("avx2"); } // no CPU has one without the other
inline bool cpuinfo_has_x86_fma3() { return __builtin_cpu_supports("fma"); }
inline bool cpuinfo_has_x86_avx2() { return __builtin_cpu_supports("avx2"); }
inline bool cpuinfo_has_x86_avx512f() { return __builtin_cpu_supports("avx512f"); }
inline bool cpuinfo_has_x86_avx512vl() { return __builtin_cpu_supports("avx512vl"); }
inline bool cpuinfo_has_x86_avx512bw() { return __builtin_cpu_supports("avx512bw"); }
inline bool cpuinfo_has_x86_avx512dq() { return __builtin_cpu_supports("avx512dq"); }
inline bool cpuinfo_has_x86_avx512vnni() { return __builtin_cpu_supports("avx512vnni"); }
inline bool cpuinfo_has_x86_avx512bf16() { return __builtin_cpu_supports("avx512bf16"); }
// ATen's AMX kernels are not compiled here: oneDNN has its own detection.
inline bool cpuinfo_has_x86_amx_tile() { return false; }
inline bool cpuinfo_has_x86_amx_fp16() { return false; }
inline bool cpuinfo_has_arm_sve() { return false; }

inline uint32_t cpuinfo_get_cores_count() { return std::thread::hardware_concurrency(); }
inline uint32_t cpuinfo_get_processors_count() { return std::thread::hardware_concurrency(); }
inline const cpuinfo_processor* cpuinfo_get_processors() {
  static const cpuinfo_cache l1d{static_cast<uint32_t>(sysconf(_SC_LEVEL1_DCACHE_SIZE))};
  static const cpuinfo_cache l2{static_cast<uint32_t>(sysconf(_SC_LEVEL2_CACHE_SIZE))};
  static const cpuinfo_processor processor{{&l1d, &l2}};
  return &processor;
}

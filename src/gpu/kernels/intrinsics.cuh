// What device code needs beyond C++, without CUDA's headers. Instructions are those of the PTX manual; each helper is
// one or two of them. __CUDA_ARCH__ is 750 or 800.
#pragma once

#define DEVICE static __attribute__((device, always_inline)) inline
#define METHOD __attribute__((device, always_inline)) inline ///< the same inside a struct
#define SHARED __attribute__((shared))
/// A kernel for blocks of `threads` threads, `blocks` of which should fit a multiprocessor at once.
#define KERNEL(threads, blocks) extern "C" __attribute__((global, launch_bounds(threads, blocks))) void

using half = __fp16;
using uint2v = unsigned __attribute__((ext_vector_type(2)));
using uint4v = unsigned __attribute__((ext_vector_type(4))); ///< eight f16 of one row
using float2v = float __attribute__((ext_vector_type(2)));
using float4v = float __attribute__((ext_vector_type(4)));

constexpr int kWarp = 32;
constexpr float kLog2e = 1.4426950408889634F;

DEVICE int thread() {
  return __nvvm_read_ptx_sreg_tid_x();
}
DEVICE int lane() {
  return thread() % kWarp;
}
DEVICE int block_x() {
  return __nvvm_read_ptx_sreg_ctaid_x();
}
DEVICE int block_y() {
  return __nvvm_read_ptx_sreg_ctaid_y();
}
DEVICE int block_z() {
  return __nvvm_read_ptx_sreg_ctaid_z();
}
DEVICE void block_barrier() {
  __nvvm_bar_sync(0);
}
DEVICE void warp_barrier() {
  asm volatile("bar.warp.sync 0xffffffff;" ::: "memory");
}

DEVICE int least(int a, int b) {
  return a < b ? a : b;
}
DEVICE int greatest(int a, int b) {
  return a > b ? a : b;
}
DEVICE float greatest(float a, float b) {
  return __nvvm_fmax_f(a, b);
}
DEVICE int clamp(int x, int low, int high) {
  return greatest(low, least(x, high));
}

DEVICE float exp2_approx(float x) {
  float y;
  asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
  return y;
}

DEVICE float log2_approx(float x) {
  float y;
  asm("lg2.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
  return y;
}

DEVICE float reciprocal(float x) {
  float y;
  asm("rcp.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
  return y;
}

DEVICE float reciprocal_root(float x) {
  float y;
  asm("rsqrt.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
  return y;
}

DEVICE float shuffle_xor(float x, int mask) {
  float y;
  asm volatile("shfl.sync.bfly.b32 %0, %1, %2, 0x1f, 0xffffffff;" : "=f"(y) : "f"(x), "r"(mask));
  return y;
}

/// The sum of x over the lanes whose numbers differ in the low bits below `lanes` (a power of two).
template <int lanes = kWarp>
DEVICE float sum_over(float x) {
#pragma unroll
  for (int mask = lanes / 2; mask > 0; mask /= 2)
    x += shuffle_xor(x, mask);
  return x;
}

/// Two f16 in a word, the first in the low half, rounded to nearest even.
DEVICE unsigned pack(float low, float high) {
  unsigned word;
#if __CUDA_ARCH__ >= 800
  asm("cvt.rn.f16x2.f32 %0, %1, %2;" : "=r"(word) : "f"(high), "f"(low));
#else
  unsigned short a, b;
  asm("cvt.rn.f16.f32 %0, %1;" : "=h"(a) : "f"(low));
  asm("cvt.rn.f16.f32 %0, %1;" : "=h"(b) : "f"(high));
  asm("mov.b32 %0, {%1, %2};" : "=r"(word) : "h"(a), "h"(b));
#endif
  return word;
}

DEVICE float2v unpack(unsigned word) {
  unsigned short a, b;
  float2v pair;
  asm("mov.b32 {%0, %1}, %2;" : "=h"(a), "=h"(b) : "r"(word));
  asm("cvt.f32.f16 %0, %1;" : "=f"(pair.x) : "h"(a));
  asm("cvt.f32.f16 %0, %1;" : "=f"(pair.y) : "h"(b));
  return pair;
}

/// The remainders of the two numbers that `rounded` holds.
DEVICE unsigned pack_rest(float2v numbers, unsigned rounded) {
  numbers -= unpack(rounded);
  return pack(numbers.x, numbers.y);
}

/// Two f16, and their rests unless `rest`, which is how much further those lie, is 0.
DEVICE void store_pair(half* to, float2v numbers, int rest = 0) {
  const unsigned rounded = pack(numbers.x, numbers.y);
  *reinterpret_cast<unsigned*>(to) = rounded;
  if (rest != 0)
    *reinterpret_cast<unsigned*>(to + rest) = pack_rest(numbers, rounded);
}
DEVICE void store_pair(float* to, float2v numbers) {
  *reinterpret_cast<float2v*>(to) = numbers;
}

/// Sixteen bytes of memory that no thread writes meanwhile, in one load (an ordinary one may be split where its words
/// are used separately).
DEVICE uint4v load_whole(const half* from) {
  return __nvvm_ldg_ui4(reinterpret_cast<const uint4v*>(from));
}

/// The address within shared memory, for the instructions that take one.
DEVICE unsigned shared_address(const void* pointer) {
  return static_cast<unsigned>(reinterpret_cast<unsigned long long>(
      (const __attribute__((address_space(3))) void*)pointer)); // NOLINT: only a C cast leaves the generic space
}

/// Four matrices of 8 x 8 f16; lane 8 i + r gives the address of row r of matrix i. Lane l gets of each matrix the two
/// elements 2 (l % 4) of row l / 4.
DEVICE uint4v load_matrices(unsigned address) {
  uint4v m;
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
               : "=r"(m.x), "=r"(m.y), "=r"(m.z), "=r"(m.w)
               : "r"(address)
               : "memory");
  return m;
}

/// The same, with the matrices transposed.
DEVICE uint4v load_transposed(unsigned address) {
  uint4v m;
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0, %1, %2, %3}, [%4];"
               : "=r"(m.x), "=r"(m.y), "=r"(m.z), "=r"(m.w)
               : "r"(address)
               : "memory");
  return m;
}

/// A 16 x 8 tile of sums: lane l has row l / 4, columns 2 (l % 4) and the next, in 0 and 1; row l / 4 + 8 in 2 and 3.
struct Tile {
  float at[4];
};

/// c += a b^T with a [16, 16] and b [8, 16] of f16. Lane l holds, with r = l / 4 and k = 2 (l % 4):
/// a.x = (r, k), a.y = (r + 8, k), a.z = (r, k + 8), a.w = (r + 8, k + 8), b.x = (r, k), b.y = (r, k + 8); each a word
/// of two adjacent elements. Which sixteen elements k counts does not matter as long as a and b agree.
DEVICE void multiply_add(Tile& c, uint4v a, uint2v b) {
#if __CUDA_ARCH__ >= 800
  asm("mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, "
      "{%0, %1, %2, %3};"
      : "+f"(c.at[0]), "+f"(c.at[1]), "+f"(c.at[2]), "+f"(c.at[3])
      : "r"(a.x), "r"(a.y), "r"(a.z), "r"(a.w), "r"(b.x), "r"(b.y));
#else
  asm("mma.sync.aligned.m16n8k8.row.col.f32.f16.f16.f32 {%0, %1, %2, %3}, {%4, %5}, {%6}, {%0, %1, %2, %3};"
      : "+f"(c.at[0]), "+f"(c.at[1]), "+f"(c.at[2]), "+f"(c.at[3])
      : "r"(a.x), "r"(a.y), "r"(b.x));
  asm("mma.sync.aligned.m16n8k8.row.col.f32.f16.f16.f32 {%0, %1, %2, %3}, {%4, %5}, {%6}, {%0, %1, %2, %3};"
      : "+f"(c.at[0]), "+f"(c.at[1]), "+f"(c.at[2]), "+f"(c.at[3])
      : "r"(a.z), "r"(a.w), "r"(b.y));
#endif
}

#if __CUDA_ARCH__ >= 800
/// Sixteen bytes from global to shared memory, asynchronously; zeros unless `there`.
DEVICE void copy_async(unsigned to, const void* from, bool there) {
  asm volatile(
      "{ .reg .u64 from; cvta.to.global.u64 from, %1; cp.async.cg.shared.global [%0], [from], 16, %2; }" ::"r"(to),
      "l"(from), "r"(there ? 16 : 0)
      : "memory");
}
DEVICE void commit_copies() {
  asm volatile("cp.async.commit_group;" ::: "memory");
}
/// Waits until at most `pending` groups of this thread have not arrived.
template <int pending>
DEVICE void wait_for_copies() {
  asm volatile("cp.async.wait_group %0;" ::"n"(pending) : "memory");
}
#endif

// Kernels for the emulated driver's tests, compiled to PTX as the program's own are: what clang makes of C++.
#define DEVICE __attribute__((device))
#define KERNEL extern "C" __attribute__((global)) void
#define SHARED __attribute__((shared))

namespace {

DEVICE int thread() {
  return __nvvm_read_ptx_sreg_tid_x();
}
DEVICE int block() {
  return __nvvm_read_ptx_sreg_ctaid_x();
}
DEVICE int threads() {
  return __nvvm_read_ptx_sreg_ntid_x();
}

DEVICE float of_neighbour(float x, int mask) {
  float y;
  asm volatile("shfl.sync.bfly.b32 %0, %1, %2, 31, 0xffffffff;" : "=f"(y) : "f"(x), "r"(mask));
  return y;
}

struct Settings {
  int mode;
  float scale;
  long long offset;
  const int* table;
};

/// Not inlined: a call with a structure, and an array in local memory that is indexed at run time.
__attribute__((device, noinline)) float polynomial(float x, Settings settings) {
  float powers[8];
  powers[0] = 1;
  for (int k = 1; k < 8; ++k)
    powers[k] = powers[k - 1] * x;
  return powers[settings.mode & 7] * settings.scale + static_cast<float>(settings.offset);
}

} // namespace

extern SHARED float dynamic[];

KERNEL branches(int* out, int n, Settings settings) {
  const int k = block() * threads() + thread();
  if (k >= n)
    return;
  int value = 0;
  switch (settings.table[k % 7]) {
  case 0:
    value = static_cast<int>(polynomial(static_cast<float>(k), settings));
    break;
  case 1:
    for (int j = 0; j < k; ++j) {
      if (j % 3 == 1)
        continue;
      if (j > 40)
        break;
      value += j;
    }
    break;
  case 2:
    value = k / 3 - k % 5;
    break;
  case 3: {
    unsigned collatz = static_cast<unsigned>(k) + 1;
    while (collatz != 1) {
      collatz = collatz % 2 == 0 ? collatz / 2 : 3 * collatz + 1;
      ++value;
    }
    break;
  }
  default:
    value = -k;
  }
  out[k] = value;
}

/// Softmax of rows of `columns` numbers in half precision, one block per row: shared memory, barriers, half
/// conversions.
KERNEL softmax(const __fp16* in, __fp16* out, int columns) {
  SHARED float partial[64];
  const __fp16* row = in + static_cast<long long>(block()) * columns;
  float most = -1e30f;
  for (int k = thread(); k < columns; k += threads())
    most = row[k] > most ? static_cast<float>(row[k]) : most;
  partial[thread()] = most;
  __syncthreads();
  for (int half = threads() / 2; half > 0; half /= 2) {
    if (thread() < half && partial[thread() + half] > partial[thread()])
      partial[thread()] = partial[thread() + half];
    __syncthreads();
  }
  most = partial[0];
  __syncthreads();
  float sum = 0;
  for (int k = thread(); k < columns; k += threads()) {
    const float power = __nvvm_ex2_approx_f((row[k] - most) * 1.44269504f);
    dynamic[k] = power;
    sum += power;
  }
  for (int mask = 16; mask > 0; mask /= 2)
    sum += of_neighbour(sum, mask);
  if (thread() % 32 == 0)
    partial[thread() / 32] = sum;
  __syncthreads();
  sum = 0;
  for (int k = 0; k < threads() / 32; ++k)
    sum += partial[k];
  for (int k = thread(); k < columns; k += threads())
    out[static_cast<long long>(block()) * columns + k] = static_cast<__fp16>(dynamic[k] / sum);
}

/// c[m, n] = a[m, 16] b[n, 16]^T in tiles of 16 x 8, one warp each, by mma of the device's own depth.
KERNEL product(const unsigned* a, const unsigned* b, float* c, int n) {
  const int lane = thread(), row = 16 * block() + lane / 4, pair = lane % 4;
  for (int column = 0; column < n; column += 8) {
    float sums[4] = {0, 0, 0, 0};
    const unsigned* const left = a + row * 8 + pair;
    const unsigned* const right = b + (column + lane / 4) * 8 + pair;
#if __CUDA_ARCH__ >= 800
    asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, "
                 "{%0, %1, %2, %3};"
                 : "+f"(sums[0]), "+f"(sums[1]), "+f"(sums[2]), "+f"(sums[3])
                 : "r"(left[0]), "r"(left[64]), "r"(left[4]), "r"(left[68]), "r"(right[0]), "r"(right[4]));
#else
    for (int k = 0; k < 8; k += 4)
      asm volatile(
          "mma.sync.aligned.m16n8k8.row.col.f32.f16.f16.f32 {%0, %1, %2, %3}, {%4, %5}, {%6}, {%0, %1, %2, %3};"
          : "+f"(sums[0]), "+f"(sums[1]), "+f"(sums[2]), "+f"(sums[3])
          : "r"(left[k]), "r"(left[64 + k]), "r"(right[k]));
#endif
    float* const to = c + static_cast<long long>(row) * n + column + 2 * pair;
    to[0] = sums[0];
    to[1] = sums[1];
    to[8 * n] = sums[2];
    to[8 * n + 1] = sums[3];
  }
}

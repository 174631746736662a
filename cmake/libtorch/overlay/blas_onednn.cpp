// ATen's f32 matrix product, answered by oneDNN.
//
// OpenBLAS chooses its kernels by CPU model and takes a wrong one on models it
// has never heard of; oneDNN asks the CPU for its instruction sets and
// generates code for them. See patches/0004.
#include <cstdint>

#include <c10/util/Exception.h>

// oneapi/dnnl/dnnl.h, C interface: row-major, dnnl_dim_t is int64_t,
// dnnl_status_t is an enum whose 0 is success. Declared here so that this
// library can be compiled without oneDNN's headers.
extern "C" int dnnl_sgemm(
    char transa, char transb, int64_t m, int64_t n, int64_t k, float alpha,
    const float* a, int64_t lda, const float* b, int64_t ldb, float beta, float* c, int64_t ldc);

namespace at::native::cpublas {

void onednn_sgemm(
    bool transa, bool transb, int64_t m, int64_t n, int64_t k, float alpha,
    const float* a, int64_t lda, const float* b, int64_t ldb, float beta, float* c, int64_t ldc) {
  if (m == 0 || n == 0)
    return;
  if (k == 0) { // oneDNN's small-k path does not clear C
    for (int64_t j = 0; j < n; ++j)
      for (int64_t i = 0; i < m; ++i)
        c[j * ldc + i] = beta == 0 ? 0 : beta * c[j * ldc + i];
    return;
  }
  // A column-major product is the row-major product of the exchanged factors.
  const int status = dnnl_sgemm(transb ? 'T' : 'N', transa ? 'T' : 'N', n, m, k, alpha, b, ldb, a, lda, beta, c, ldc);
  TORCH_CHECK(status == 0, "oneDNN refused a ", m, " x ", n, " x ", k, " product (status ", status, ")");
}

} // namespace at::native::cpublas

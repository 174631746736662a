#include "model/runtime.hpp"

#include "kernels/isa.hpp"
#include "support/clock.hpp"
#include "support/errors.hpp"

#include <algorithm>
#include <initializer_list>
#include <new>
#include <string_view>
#include <vector>

#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <torch/version.h>

#ifndef SCIEXAM_STOCK_LIBTORCH
#include <oneapi/dnnl/dnnl.h>
#endif

namespace sciexam {

void set_compute_threads(int threads) {
  chosen_isa(); // a wrong SCIEXAM_ISA is reported before any work
  at::set_num_threads(threads);
}

bool is_out_of_memory(const std::exception& fault) {
  if (dynamic_cast<const std::bad_alloc*>(&fault) != nullptr)
    return true;
  // LibTorch: "DefaultCPUAllocator: can't allocate memory", "CUDA out of memory"; oneDNN: "could not create a memory
  // object"; the C library's own text.
  const std::string_view text = fault.what();
  const std::initializer_list<std::string_view> signs = {"allocate memory", "out of memory", "Cannot allocate memory"};
  return std::any_of(signs.begin(), signs.end(),
                     [&](std::string_view sign) { return text.find(sign) != std::string_view::npos; });
}

#ifdef SCIEXAM_STOCK_LIBTORCH

std::string network_library_versions() {
  return "LibTorch " TORCH_VERSION " (shared)";
}

std::string chosen_kernels() {
  return "own " + isa_name(chosen_isa()) + ", LibTorch " + at::get_cpu_capability();
}

double product_operations_per_second() {
  return 0;
}

#else

namespace {

std::string onednn_isa() {
  switch (dnnl_get_effective_cpu_isa()) {
  case dnnl_cpu_isa_avx2:
    return "AVX2";
  case dnnl_cpu_isa_avx2_vnni:
  case dnnl_cpu_isa_avx2_vnni_2:
    return "AVX2 with VNNI";
  case dnnl_cpu_isa_avx512_core:
    return "AVX-512";
  case dnnl_cpu_isa_avx512_core_vnni:
    return "AVX-512 with VNNI";
  case dnnl_cpu_isa_avx512_core_bf16:
  case dnnl_cpu_isa_avx512_core_fp16:
    return "AVX-512 with bf16";
  case dnnl_cpu_isa_avx512_core_amx:
  case dnnl_cpu_isa_avx512_core_amx_fp16:
    return "AMX";
  default:
    return "generic";
  }
}

} // namespace

std::string network_library_versions() {
  const dnnl_version_t* onednn = dnnl_version();
  return "LibTorch " TORCH_VERSION ", oneDNN " + std::to_string(onednn->major) + "." + std::to_string(onednn->minor) +
         "." + std::to_string(onednn->patch);
}

std::string chosen_kernels() {
  return "own " + isa_name(chosen_isa()) + ", LibTorch " + at::get_cpu_capability() + ", oneDNN " + onednn_isa();
}

double product_operations_per_second() {
  constexpr dnnl_dim_t kSize = 4096;
  constexpr int kTries = 3;
  const std::vector<float> x(kSize * kSize, 0.5F), weight(kSize * kSize, 0.25F);
  std::vector<float> y(kSize * kSize);
  double best = 0;
  Stopwatch stopwatch;
  for (int i = 0; i < kTries; ++i) {
    if (dnnl_sgemm('N', 'T', kSize, kSize, kSize, 1, x.data(), kSize, weight.data(), kSize, 0, y.data(), kSize) !=
        dnnl_success)
      throw InternalError("oneDNN refused a product of 4096 x 4096 x 4096");
    best = std::max(best, 2.0 * kSize * kSize * kSize / stopwatch.lap());
  }
  return best;
}

#endif

} // namespace sciexam

#include "model/runtime.hpp"

#include "kernels/isa.hpp"
#include "support/errors.hpp"

#include <algorithm>
#include <cstdlib>
#include <initializer_list>
#include <new>
#include <string_view>

#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <torch/version.h>

#ifndef SCIEXAM_STOCK_LIBTORCH
#include <oneapi/dnnl/dnnl.h>
#endif

namespace sciexam::inline model {
namespace {

/// LibTorch reads this variable when it looks up its first kernel (compute_cpu_capability() in DispatchStub.cpp).
void hold_libtorch(Isa isa) {
  const bool wide = isa != Isa::avx2;
  ::setenv("ATEN_CPU_CAPABILITY", wide ? "avx512" : "avx2", 1);
  const std::string found = at::get_cpu_capability();
  if (found != (wide ? "AVX512" : "AVX2"))
    throw InternalError("LibTorch had chosen kernels of " + found + " before " + isa_name(isa) + " was asked for");
}

#ifdef SCIEXAM_STOCK_LIBTORCH

/// oneDNN is inside LibTorch, without symbols of its own, and reads its variable on first use.
void hold_onednn(Isa isa) {
  const auto value = [=] {
    switch (isa) {
    case Isa::avx2:
      return "AVX2";
    case Isa::avx512:
      return "AVX512_CORE";
    case Isa::avx512_vnni:
      return "AVX512_CORE_VNNI";
    case Isa::avx512_bf16:
      return "AVX512_CORE_BF16";
    case Isa::avx512_amx:
      break;
    }
    return "AVX512_CORE_AMX";
  };
  ::setenv("ONEDNN_MAX_CPU_ISA", value(), 1);
}

#else

void hold_onednn(Isa isa) {
  const auto limit = [=] {
    switch (isa) {
    case Isa::avx2:
      return dnnl_cpu_isa_avx2;
    case Isa::avx512:
      return dnnl_cpu_isa_avx512_core;
    case Isa::avx512_vnni:
      return dnnl_cpu_isa_avx512_core_vnni;
    case Isa::avx512_bf16:
      return dnnl_cpu_isa_avx512_core_bf16;
    case Isa::avx512_amx:
      break;
    }
    return dnnl_cpu_isa_avx512_core_amx;
  };
  if (dnnl_set_max_cpu_isa(limit()) != dnnl_success)
    throw InternalError("oneDNN was in use before its kernels could be held to " + isa_name(isa));
}

#endif

} // namespace

void use_isa(Isa isa) {
  hold_isa(isa);
  hold_libtorch(isa);
  hold_onednn(isa);
}

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

bool isa_is_held_everywhere() noexcept {
  return false;
}

std::string network_library_versions() {
  return "LibTorch " TORCH_VERSION " (shared)";
}

std::string chosen_kernels() {
  return "own " + isa_name(chosen_isa()) + ", LibTorch " + at::get_cpu_capability();
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

bool isa_is_held_everywhere() noexcept {
  return true;
}

std::string network_library_versions() {
  const dnnl_version_t* onednn = dnnl_version();
  return "LibTorch " TORCH_VERSION ", oneDNN " + std::to_string(onednn->major) + "." + std::to_string(onednn->minor) +
         "." + std::to_string(onednn->patch);
}

std::string chosen_kernels() {
  return "own " + isa_name(chosen_isa()) + ", LibTorch " + at::get_cpu_capability() + ", oneDNN " + onednn_isa();
}

#endif

} // namespace sciexam::inline model

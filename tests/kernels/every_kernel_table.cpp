#include "kernels/every_kernel_table.hpp"

#include "kernels/dense.hpp"
#include "kernels/isa.hpp"
#include "kernels/plain_loops.hpp"

#include <atomic>
#include <thread>

namespace sciexam::test {

extern const KernelTable kSoftwareAvx512, kSoftwareAvx512Vnni, kSoftwareAvx512Bf16, kSoftwareAvx512Amx;

std::vector<std::pair<std::string, const KernelTable*>> every_kernel_table() {
  std::vector<std::pair<std::string, const KernelTable*>> tables = {
      {"AVX2", &per_isa::kAvx2Kernels},
      {"AVX-512 in software", &kSoftwareAvx512},
      {"AVX-512 with VNNI in software", &kSoftwareAvx512Vnni},
      {"AVX-512 with VNNI and bf16 in software", &kSoftwareAvx512Bf16},
      {"AVX-512 with AMX in software", &kSoftwareAvx512Amx}};
  if (cpu_has(Isa::avx512))
    tables.emplace_back("AVX-512", &per_isa::kAvx512Kernels);
  if (cpu_has(Isa::avx512_vnni))
    tables.emplace_back("AVX-512 with VNNI", &per_isa::kAvx512VnniKernels);
  if (cpu_has(Isa::avx512_bf16))
    tables.emplace_back("AVX-512 with VNNI and bf16", &per_isa::kAvx512Bf16Kernels);
  if (cpu_has(Isa::avx512_amx))
    tables.emplace_back("AVX-512 with AMX", &per_isa::kAvx512AmxKernels);
  return tables;
}

Workers three_workers() {
  constexpr int kThreads = 3;
  return {kThreads, [](std::int64_t tasks, const std::function<void(int, std::int64_t)>& task) {
            std::atomic<std::int64_t> next = 0;
            std::vector<std::thread> threads;
            for (int worker = 0; worker < kThreads; ++worker)
              threads.emplace_back([&, worker] {
                for (std::int64_t i = next++; i < tasks; i = next++)
                  task(worker, i);
              });
            for (std::thread& thread : threads)
              thread.join();
          }};
}

bool rows_are_independent(const PackedMatrix& matrix) {
  constexpr std::int64_t kRows = 250;
  const std::int64_t in = matrix.in_features(), out = matrix.out_features();
  const Floats x = normal(static_cast<std::size_t>(kRows * in), 1, 6);
  Floats together(static_cast<std::size_t>(kRows * out)), apart(together.size());
  dense(matrix, x.data(), kRows, true, together.data(), three_workers(), workspace);
  for (std::int64_t row = 0; row < kRows; ++row)
    dense(matrix, x.data() + row * in, 1, true, apart.data() + row * out, single_worker(), workspace);
  return together == apart;
}

} // namespace sciexam::test

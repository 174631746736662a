#include "kernels/every_kernel_table.hpp"

#include "kernels/isa.hpp"

#include <atomic>
#include <thread>

namespace sciexam::test {

extern const KernelTable kWideKernels;

std::vector<std::pair<std::string, const KernelTable*>> every_kernel_table() {
  std::vector<std::pair<std::string, const KernelTable*>> tables = {{"AVX2", &per_isa::kAvx2Kernels},
                                                                    {"emulated AVX-512", &kWideKernels}};
  if (cpu_has(Isa::avx512))
    tables.emplace_back("AVX-512", &per_isa::kAvx512Kernels);
  if (cpu_has(Isa::avx512_vnni))
    tables.emplace_back("AVX-512 with VNNI", &per_isa::kAvx512VnniKernels);
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

} // namespace sciexam::test

// The libraries under the network: their threads and their versions.
#pragma once

#include <exception>
#include <string>

namespace sciexam {

/// Sets the number of threads of LibTorch, oneDNN and OpenMP (one shared pool). To be called once, first.
/// Throws UsageError for a wrong SCIEXAM_ISA.
void set_compute_threads(int threads);

/// "LibTorch 2.6.0, oneDNN 3.7.2".
std::string network_library_versions();

/// The kernels that were chosen for this CPU, e.g. "own AVX-512, LibTorch AVX512, oneDNN AVX-512 with VNNI". Throws
/// UsageError for a wrong SCIEXAM_ISA.
std::string chosen_kernels();

/// Operations per second of a fast general product: oneDNN's of 4096 x 4096 x 4096 in f32, the best of three, on all
/// threads. 0 with a stock LibTorch. Takes some seconds and 200 MB.
double product_operations_per_second();

/// True if the fault is a lack of memory, which each library reports in its own way.
bool is_out_of_memory(const std::exception& fault);

} // namespace sciexam

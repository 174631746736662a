// The libraries under the network: their threads and their versions.
#pragma once

#include "kernels/isa.hpp"

#include <exception>
#include <string>

namespace sciexam::inline model {

/// Holds all kernels of this process, ours, LibTorch's and oneDNN's, to one instruction set that this CPU has, whatever
/// the environment says: results in f32 then have the same bits on every CPU that has it. To be called before anything
/// else of these libraries is used; throws InternalError where that is too late.
void use_isa(Isa isa);

/// True if use_isa() holds everything that computes; a stock LibTorch brings libraries with choices of their own.
bool isa_is_held_everywhere() noexcept;

/// Sets the number of threads of LibTorch, oneDNN and OpenMP (one shared pool). To be called once, early.
/// Throws UsageError for a wrong SCIEXAM_ISA.
void set_compute_threads(int threads);

/// "LibTorch 2.6.0, oneDNN 3.7.2".
std::string network_library_versions();

/// The kernels that were chosen for this CPU, e.g. "own AVX-512, LibTorch AVX512, oneDNN AVX-512 with VNNI". Throws
/// UsageError for a wrong SCIEXAM_ISA.
std::string chosen_kernels();

/// True if the fault is a lack of memory, which each library reports in its own way.
bool is_out_of_memory(const std::exception& fault);

} // namespace sciexam::inline model

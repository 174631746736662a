// All kernels: one PTX module.
#include "gemm.cuh"

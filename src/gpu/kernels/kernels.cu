// All kernels: one PTX module.
#include "attention.cuh"
#include "rows.cuh"

// All kernels: one PTX module.
#include "attention.cuh"
#include "optimizer.cuh"
#include "rows.cuh"
#include "training_attention.cuh"
#include "training_products.cuh"
#include "training_rows.cuh"

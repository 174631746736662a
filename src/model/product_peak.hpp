// How fast a well-made matrix product is on this machine: what "of the peak" refers to.
#pragma once

namespace sciexam::inline model {

/// What a product multiplies. int8: numbers of 0 .. 255 with those of -128 .. 127, summed as integers; the others are
/// summed in f32.
enum class Factors { f32, bf16, int8 };

/// Operations per second of oneDNN's product of 4096 x 4096 x 4096, a multiplication and an addition counting as two;
/// the best of three, on all threads. 0 where the chosen instruction set has no instruction for such products, and with
/// a stock LibTorch, whose oneDNN cannot be asked. Takes some seconds and 200 MB.
double product_operations_per_second(Factors factors);

} // namespace sciexam::inline model

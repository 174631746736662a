// The kernels of training as functions: launches on the kernels' module, which return at once.
#pragma once

#include "gpu/kernels/arguments.hpp"
#include "gpu/network/device_kernels.hpp"
#include "gpu/training/training_buffers.hpp"

#include <array>
#include <cstddef>
#include <cstdint>

namespace sciexam::inline gpu {

/// Which dimension of a product's factors counts the summands.
enum class ProductKind {
  forward,        ///< x w^T: x [m, k], w [n, k]
  input_gradient, ///< x w: x [m, k], w [k, n]
  weight_gradient ///< x^T w: x [k, m], w [k, n]
};

/// Dropout of a tensor: bits as dropout_mask() leaves them, and 1 / (1 - probability). No mask: all is kept.
struct DeviceDropout {
  driver::Pointer mask = 0;
  float kept_scale = 1;
};

class TrainingKernels {
public:
  explicit TrainingKernels(const DeviceKernels& kernels);

  const DeviceKernels& answering() const noexcept { return kernels_; }

  void product(ProductKind kind, const TrainingProduct& product, int batches, driver::Stream stream) const;
  /// As product() would, with large or small tiles.
  void product_with(bool large, ProductKind kind, const TrainingProduct& product, int batches,
                    driver::Stream stream) const;
  void attention_forward(const TrainingAttention& call, int blocks, int heads, int head, driver::Stream stream) const;
  /// Both halves of the backward pass: of queries, and of keys and values.
  void attention_backward(const TrainingAttention& call, int blocks, int heads, int head, driver::Stream stream) const;
  /// dots: see TrainingAttention.
  void attention_dots(driver::Pointer context, driver::Pointer d_context, driver::Pointer dots, int tokens, int heads,
                      int head, driver::Stream stream) const;

  /// The bits of `elements` elements of a stream of random words, key and counter as those of RandomStream.
  void dropout_mask(driver::Pointer bits, std::uint64_t elements, std::uint64_t key,
                    const std::array<std::uint32_t, 3>& counter, double probability, driver::Stream stream) const;
  /// y = x with dropout, `elements` a multiple of 8.
  void drop(driver::Pointer x, const DeviceDropout& dropout, driver::Pointer y, std::int64_t elements,
            driver::Stream stream) const;
  /// The same for rows of f32, in place; y gets them rounded.
  void drop_wide(driver::Pointer x, const DeviceDropout& dropout, driver::Pointer y, std::int64_t elements,
                 driver::Stream stream) const;
  /// Tables f32; the sums go to `sum`, f32, or, if that is 0, to `halves`, f16.
  void embed(const DeviceKernels::Lookup& lookup, driver::Pointer sum, driver::Pointer halves, int tokens, int width,
             driver::Stream stream) const;
  /// x f32, y f16, `wide` y in f32 or 0, statistics f32 [rows, 2]: each row's mean and 1 / deviation.
  void layer_norm(driver::Pointer x, const DeviceNorm& norm, driver::Pointer y, driver::Pointer wide,
                  driver::Pointer statistics, int rows, int width, float eps, driver::Stream stream) const;
  /// x f32.
  void layer_norm_gradient(driver::Pointer x, driver::Pointer statistics, driver::Pointer weight, driver::Pointer dy,
                           driver::Pointer dx, driver::Pointer dropped, const DeviceDropout& dropout, int rows,
                           int width, driver::Stream stream) const;
  /// `parts`: 2 * parts_of_rows(rows) * width floats. to[c] (+)= the sum over rows of dy[row][c], rows `stride` apart.
  void sum_columns(driver::Pointer dy, driver::Pointer parts, driver::Pointer to, int rows, int width, int stride,
                   bool add, driver::Stream stream) const;
  /// The gradients of a layer norm's bias and weight from that of its result.
  void sum_norm(driver::Pointer dy, driver::Pointer x, driver::Pointer statistics, driver::Pointer parts,
                const DeviceNorm& to, int rows, int width, bool add, driver::Stream stream) const;
  /// to[rows[u]] += d[order[i]], i from starts[u] to starts[u + 1], for `count` rows of `width`.
  void add_rows(driver::Pointer d, driver::Pointer order, driver::Pointer starts, driver::Pointer rows,
                driver::Pointer to, int count, int width, driver::Stream stream) const;
  void clear_rows(driver::Pointer table, driver::Pointer rows, int count, int width, driver::Stream stream) const;
  /// Leaves `count` floats: each row's sum of squares.
  void square_rows(driver::Pointer table, driver::Pointer rows, driver::Pointer parts, int count, int width,
                   driver::Stream stream) const;
  /// to += x, f16 to f32; `elements` is even.
  void add_halves(driver::Pointer x, driver::Pointer to, std::int64_t elements, driver::Stream stream) const;
  /// y = f16 of x; `elements` is even.
  void to_halves(driver::Pointer x, driver::Pointer y, std::int64_t elements, driver::Stream stream) const;
  void spread_first(driver::Pointer dx, driver::Pointer offsets, driver::Pointer all, int sequences, int width,
                    driver::Stream stream) const;
  /// pooled = activation(x) with dropout; `elements` a multiple of 8.
  void pool(driver::Pointer x, const DeviceDropout& dropout, driver::Pointer pooled, std::int64_t elements,
            DeviceActivation activation, driver::Stream stream) const;
  struct ClassifierGradient {
    driver::Pointer d_logits = 0, x = 0, pooled = 0, weight = 0; ///< f32 [sequences]; f16; f16; f32 [width]
    driver::Pointer dx = 0, d_weight = 0, d_bias = 0;            ///< f16; f32; f32 [1]
    DeviceDropout dropout = {};
  };
  void classify_gradient(const ClassifierGradient& call, int sequences, int width, DeviceActivation activation,
                         bool add, driver::Stream stream) const;

  void adamw(const DeviceAdamW& step, driver::Stream stream) const;
  /// Of a table of `rows`; those whose byte in `touched` is 0 never had a gradient.
  void adamw_rows(const DeviceAdamW& step, driver::Pointer touched, int rows, int width, driver::Stream stream) const;
  void touch_rows(driver::Pointer touched, driver::Pointer rows, int count, driver::Stream stream) const;
  /// Leaves parts_of_squares(count) floats.
  void squares(driver::Pointer x, std::int64_t count, driver::Pointer parts, driver::Stream stream) const;
  void follow_average(driver::Pointer average, driver::Pointer x, std::int64_t count, float decay,
                      driver::Stream stream) const;
  void exchange(driver::Pointer a, driver::Pointer b, std::int64_t count, driver::Stream stream) const;
  void perturb(driver::Pointer x, driver::Pointer gradient, driver::Pointer kept, std::int64_t count, float step,
               float reach, driver::Stream stream) const;

private:
  const DeviceKernels& kernels_;
  std::array<std::array<driver::Function, 2>, 3> products_{};  ///< by kind; large, small
  std::array<std::array<driver::Function, 2>, 3> attention_{}; ///< forward, queries, keys; heads of 32, 64
  driver::Function attention_dots_, dropout_mask_, drop_, drop_wide_, embed_wide_, layer_norm_wide_,
      layer_norm_gradient_, column_sums_, add_parts_, add_rows_, add_halves_, to_halves_, spread_first_, pool_,
      classify_gradient_, clear_rows_, square_rows_, adamw_, adamw_rows_, touch_rows_, squares_, follow_average_,
      exchange_, perturb_;
};

} // namespace sciexam::inline gpu

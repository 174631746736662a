// The products of training against plain twins in double on the same f16 numbers, over odd shapes.
#include "gpu/device_fixture.hpp"

#include <cmath>
#include <numbers>

#include <catch2/catch_test_macros.hpp>

using namespace sciexam;
using namespace sciexam::test;

namespace {

double gelu(double x) {
  return 0.5 * x * (1 + std::erf(x * std::numbers::sqrt2 / 2));
}
double gelu_slope(double x) {
  return 0.5 * (1 + std::erf(x * std::numbers::sqrt2 / 2)) + x * std::exp(-x * x / 2) / std::sqrt(2 * std::numbers::pi);
}

struct ProductCase {
  ProductKind kind;
  int m, n, k, batches = 1;
  bool bias = false, inner = false, mask = false, residual = false, activated = false, sums = false, add = false;
};

/// The factors lie as the kind wants them, rows eight elements further apart than they are long.
class Products {
public:
  explicit Products(const ProductCase& shape)
      : c_(shape), x_rows_(shape.kind == ProductKind::weight_gradient ? shape.k : shape.m),
        x_columns_(shape.kind == ProductKind::weight_gradient ? shape.m : shape.k),
        w_rows_(shape.kind == ProductKind::forward ? shape.n : shape.k),
        w_columns_(shape.kind == ProductKind::forward ? shape.k : shape.n), x_stride_(padded(x_columns_)),
        w_stride_(padded(w_columns_)), y_stride_(padded(shape.n)),
        x_(random_halves(area(x_rows_ * c_.batches, x_stride_), 1)),
        w_(random_halves(area(w_rows_ * c_.batches, w_stride_), 2, 1 / std::sqrt(static_cast<float>(c_.k)))),
        bias_(random_floats(area(c_.n, 1), 3)), inner_(random_halves(area(c_.m * c_.batches, y_stride_), 4)),
        residual_(random_halves(inner_.size(), 5)), before_(random_floats(inner_.size(), 6)),
        bits_(area(c_.m, c_.n) / 32 + 1) {
    std::uint32_t word = 12345;
    for (std::uint32_t& bits : bits_)
      bits = word = word * 1664525 + 1013904223;
  }

  void check(bool large) const {
    INFO("kind " << static_cast<int>(c_.kind) << ", large " << large << ": " << c_.m << " x " << c_.n << " x " << c_.k
                 << ", batches " << c_.batches);
    const DeviceArray x = DeviceArray::halves(x_), w = DeviceArray::halves(w_), bias = DeviceArray::floats(bias_),
                      inner = DeviceArray::halves(inner_), residual = DeviceArray::halves(residual_),
                      bits = DeviceArray::integers(bits_), y = DeviceArray::halves(Numbers(inner_.size(), -7)),
                      activated = DeviceArray::halves(Numbers(inner_.size(), -7)), sums = DeviceArray::floats(before_);
    TrainingProduct p{};
    p.x = x;
    p.w = w;
    p.bias = c_.bias ? bias.address() : 0;
    p.inner = c_.inner ? inner.address() : 0;
    p.mask = c_.mask ? bits.address() : 0;
    p.residual = c_.residual ? residual.address() : 0;
    p.y = y;
    p.activated = c_.activated ? activated.address() : 0;
    p.sums = c_.sums ? sums.address() : 0;
    p.add_to_sums = c_.add ? 1 : 0;
    p.x_stride = x_stride_;
    p.w_stride = w_stride_;
    p.y_stride = y_stride_;
    p.x_batch = x_rows_ * x_stride_;
    p.w_batch = w_rows_ * w_stride_;
    p.y_batch = c_.m * y_stride_;
    p.m = c_.m;
    p.n = c_.n;
    p.k = c_.k;
    p.scale = kScale;
    p.kept_scale = kKept;
    training_kernels().product_with(large, c_.kind, p, c_.batches, nullptr);
    const std::vector<double> expected = twin();
    if (c_.sums) {
      const Numbers found = sums.read();
      double apart = 0;
      for (std::size_t i = 0; i < found.size(); ++i)
        apart = std::max(apart, std::abs(found[i] - expected[i]));
      CHECK(apart < 2e-5);
      return;
    }
    const Numbers found = y.read();
    CHECK(halves_apart(found, expected) < 0.6);
    if (!c_.activated)
      return;
    std::vector<double> beside;
    for (std::size_t i = 0; i < found.size(); ++i)
      beside.push_back(is_padding(i) ? -7 : gelu(found[i]));
    CHECK(halves_apart(activated.read(), beside) < 0.6);
  }

private:
  static constexpr float kScale = 0.75F, kKept = 1.25F;
  static int padded(int columns) { return columns + 8; }
  bool is_padding(std::size_t at) const { return at % area(y_stride_, 1) >= area(c_.n, 1); }

  double sum(int batch, int row, int column) const {
    double sum = 0;
    for (int i = 0; i < c_.k; ++i) {
      const bool across = c_.kind == ProductKind::weight_gradient, down = c_.kind != ProductKind::forward;
      sum +=
          static_cast<double>(
              x_[area(batch * x_rows_ + (across ? i : row), x_stride_) + static_cast<std::size_t>(across ? row : i)]) *
          w_[area(batch * w_rows_ + (down ? i : column), w_stride_) + static_cast<std::size_t>(down ? column : i)];
    }
    return sum;
  }

  std::vector<double> twin() const {
    std::vector<double> expected(before_.size(), -7); // memory between the rows stays as it is
    if (c_.sums)
      expected.assign(before_.begin(), before_.end());
    for (int batch = 0; batch < c_.batches; ++batch)
      for (int row = 0; row < c_.m; ++row)
        for (int column = 0; column < c_.n; ++column) {
          const std::size_t at = area(batch * c_.m + row, y_stride_) + static_cast<std::size_t>(column),
                            element = area(row, c_.n) + static_cast<std::size_t>(column);
          double y = sum(batch, row, column) * kScale + (c_.bias ? bias_[static_cast<std::size_t>(column)] : 0);
          if (c_.inner)
            y *= gelu_slope(inner_[at]);
          if (c_.mask)
            y *= (bits_[element / 32] >> (element % 32) & 1) != 0 ? kKept : 0;
          if (c_.residual)
            y += residual_[at];
          expected[at] = c_.sums && c_.add ? expected[at] + y : y;
        }
    return expected;
  }

  ProductCase c_;
  int x_rows_, x_columns_, w_rows_, w_columns_, x_stride_, w_stride_, y_stride_;
  Numbers x_, w_, bias_, inner_, residual_, before_;
  std::vector<std::uint32_t> bits_;
};

} // namespace

TEST_CASE("training's products equal their twins, of every kind, with both tiles and all that follows them") {
  using enum ProductKind;
  for (const bool large : {false, true})
    for (const ProductCase& shape :
         {ProductCase{.kind = forward, .m = 1, .n = 2, .k = 8},
          {.kind = forward, .m = 33, .n = 136, .k = 40, .bias = true, .activated = true},
          {.kind = forward, .m = 129, .n = 72, .k = 96, .bias = true, .mask = true, .residual = true},
          {.kind = forward, .m = 70, .n = 88, .k = 64, .batches = 3},
          {.kind = input_gradient, .m = 7, .n = 8, .k = 16},
          {.kind = input_gradient, .m = 130, .n = 136, .k = 72, .inner = true},
          {.kind = input_gradient, .m = 65, .n = 64, .k = 200, .batches = 2, .residual = true},
          {.kind = weight_gradient, .m = 8, .n = 16, .k = 1, .sums = true},
          {.kind = weight_gradient, .m = 136, .n = 72, .k = 129, .sums = true, .add = true},
          {.kind = weight_gradient, .m = 64, .n = 136, .k = 33, .sums = true},
          {.kind = weight_gradient, .m = 88, .n = 64, .k = 65, .batches = 3}})
      Products(shape).check(large);
}

TEST_CASE("a product over 512 summands equals its twin") {
  for (const ProductKind kind : {ProductKind::input_gradient, ProductKind::weight_gradient})
    Products({.kind = kind, .m = 128, .n = 128, .k = 512, .sums = true}).check(true);
}

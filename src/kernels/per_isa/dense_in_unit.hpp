// Dense layers on the CPU's matrix unit (AMX): bf16 or int8 products, 32 rows by 32 columns at once.
//
// A register of the unit holds 16 rows of 64 bytes. Weights are packed as the unit needs them: 16 elements of a panel's
// depth are two registers. Rows are rounded and keep their order.
#pragma once

#ifdef __AMX_TILE__

#include "kernels/per_isa/edges.hpp"
#include "kernels/per_isa/rounding.hpp"
#include "kernels/per_isa/tile.hpp"

namespace sciexam::inline kernels::per_isa {
namespace {

constexpr std::int64_t kUnitRows = kRounded.tile, kUnitDepth = 16, kRegisterRows = 16;
constexpr std::int64_t kFetches = kPanelColumns * 4 / 64; ///< cache lines that a row of a panel takes
static_assert(kUnitRows == 2 * kRegisterRows && kPanelColumns == 32);

/// The unit as this thread sees it, all registers at their full size.
class MatrixUnit {
public:
  MatrixUnit() {
    /// As LDTILECFG reads it (Intel's manual, volume 2).
    struct alignas(64) Configuration {
      std::uint8_t palette = 1, start_row = 0, reserved[14] = {};
      std::uint16_t row_bytes[16] = {64, 64, 64, 64, 64, 64, 64, 64};
      std::uint8_t rows[16] = {16, 16, 16, 16, 16, 16, 16, 16};
    };
    const Configuration configuration;
    _tile_loadconfig(&configuration);
  }
  MatrixUnit(const MatrixUnit&) = delete;
  MatrixUnit& operator=(const MatrixUnit&) = delete;
  ~MatrixUnit() { _tile_release(); }
};

/// bf16 products. Over each 16 elements of depth the first products of all pairs are summed, and the second ones, each
/// with one rounding; then both sums are added to the total (Intel's manual, volume 2, TDPBF16PS).
class UnitPairs {
public:
  static constexpr std::int64_t kFeatures = 2; // of an element
  UnitPairs(const DenseRows& call, float*) : call_(call) {}

  const std::int32_t* panels() const { return call_.weight.bf16; }
  void round(std::int64_t row, std::int64_t begin, std::int64_t count, std::int32_t* to) const {
    round_to_pairs(call_.x + row * call_.in_features + begin, count, to);
  }
  Vector start(std::int64_t column) const { return load(call_.bias + column); }
  Vector finish(std::int64_t, std::int64_t, Vector sum) const { return call_.gelu ? coarse_gelu(sum) : sum; }
  static void add_upper() {
    _tile_dpbf16ps(0, 4, 6);
    _tile_dpbf16ps(1, 4, 7);
  }
  static void add_lower() {
    _tile_dpbf16ps(2, 5, 6);
    _tile_dpbf16ps(3, 5, 7);
  }

private:
  const DenseRows& call_;
};

/// int8 products, with unsigned rows; exact.
class UnitInt8 {
public:
  static constexpr std::int64_t kFeatures = kGroup;
  UnitInt8(const DenseRows& call, float* scales) : call_(call), scales_(scales) {
    for (std::int64_t row = 0; row < call.rows; ++row)
      scales[row] = row_scale(call, row);
  }

  const std::int32_t* panels() const { return reinterpret_cast<const std::int32_t*>(call_.weight.int8); }
  void round(std::int64_t row, std::int64_t begin, std::int64_t count, std::int32_t* to) const {
    round_to_int8(call_.x + row * call_.in_features + begin, call_.int8_scales.inputs + begin, inverse(scales_[row]),
                  count, to);
  }
  Vector start(std::int64_t) const { return zero(); }
  Vector finish(std::int64_t row, std::int64_t column, Vector bits) const {
    const Vector y = scaled_sum(call_, scales_[row], column, bits_of(bits));
    return call_.gelu ? coarse_gelu(y) : y;
  }
  static void add_upper() {
    _tile_dpbusd(0, 4, 6);
    _tile_dpbusd(1, 4, 7);
  }
  static void add_lower() {
    _tile_dpbusd(2, 5, 6);
    _tile_dpbusd(3, 5, 7);
  }

private:
  const DenseRows& call_;
  const float* scales_;
};

/// c += a b, where c is [kUnitRows][kPanelColumns], a [kUnitRows][depth] and b [depth][kPanelColumns]. Registers 0 to 3
/// hold c, 4 and 5 rows, 6 and 7 columns.
template <class Numbers>
inline void multiply_in_unit(const std::int32_t* a, const std::int32_t* b, std::int64_t depth, float* c,
                             PanelAhead ahead) {
  constexpr std::int64_t kPanelBytes = kPanelColumns * 4;
  const std::int64_t row_bytes = depth * 4;
  const std::int32_t* lower_a = a + kRegisterRows * depth;
  float* lower_c = c + kRegisterRows * kPanelColumns;
  asm volatile("" ::: "memory"); // GCC does not know that registers are loaded from memory
  _tile_loadd(0, c, kPanelBytes);
  _tile_loadd(1, c + kLanes, kPanelBytes);
  _tile_loadd(2, lower_c, kPanelBytes);
  _tile_loadd(3, lower_c + kLanes, kPanelBytes);
  for (std::int64_t k = 0; k < depth; k += kUnitDepth, b += kUnitDepth * kPanelColumns) {
#pragma GCC unroll 4
    for (std::int64_t i = 0; i < kFetches; ++i)
      ahead.fetch();
    _tile_loadd(6, b, kPanelBytes);
    _tile_loadd(7, b + kLanes, kPanelBytes);
    _tile_loadd(4, a + k, row_bytes);
    Numbers::add_upper();
    _tile_loadd(5, lower_a + k, row_bytes);
    Numbers::add_lower();
  }
  _tile_stored(0, c, kPanelBytes);
  _tile_stored(1, c + kLanes, kPanelBytes);
  _tile_stored(2, lower_c, kPanelBytes);
  _tile_stored(3, lower_c + kLanes, kPanelBytes);
}

/// Rows from element k on, [row][depth]; zeros after the last one.
template <class Numbers>
inline void round_rows(const Numbers& numbers, const DenseRows& call, std::int64_t k, std::int64_t depth,
                       std::int32_t* rounded) {
  for (std::int64_t row = 0; row < round_up(call.rows, kUnitRows); ++row, rounded += depth)
    if (row < call.rows)
      numbers.round(row, k * Numbers::kFeatures, depth * Numbers::kFeatures, rounded);
    else
      for (std::int64_t i = 0; i < depth; ++i)
        rounded[i] = 0;
}

template <class Numbers>
inline void dense_in_unit(const DenseRows& call) {
  const MatrixUnit unit;
  auto* rounded = reinterpret_cast<std::int32_t*>(call.scratch);
  const std::int64_t elements = call.in_features / Numbers::kFeatures, all_rows = round_up(call.rows, kUnitRows);
  const Numbers numbers(call, call.scratch + all_rows * kDepth);
  for (std::int64_t k = 0; k < elements; k += kDepth) {
    const std::int64_t depth = smaller(kDepth, elements - k), fetches = depth / kUnitDepth * kFetches;
    round_rows(numbers, call, k, depth, rounded);
    for (std::int64_t column = 0; column < call.out_features; column += kPanelColumns) {
      const std::int32_t* panel = numbers.panels() + column * elements + k * kPanelColumns;
      PanelAhead ahead(panel + elements * kPanelColumns, depth, all_rows / kUnitRows * fetches);
      for (std::int64_t row = 0; row < call.rows; row += kUnitRows, ahead.skip(fetches)) {
        const Corner y{call.y + row * call.y_stride + column, call.y_stride, smaller(kUnitRows, call.rows - row),
                       smaller(kPanelColumns, call.out_features - column), k > 0};
        const auto multiply = [&](float* c, std::int64_t) {
          for (std::int64_t i = 0; k == 0 && i < kUnitRows * kPanelColumns; i += kLanes)
            store(c + i, numbers.start(column + i % kPanelColumns));
          multiply_in_unit<Numbers>(rounded + row * depth, panel, depth, c, ahead);
        };
        const bool last = k + depth == elements;
        finish_tile<kUnitRows>(y, multiply, [&](std::int64_t r, std::int64_t x, Vector sum) {
          return last ? numbers.finish(row + r, column + x, sum) : sum;
        });
      }
    }
  }
}

/// False if the unit cannot do it: weights of another kind, or a depth that its registers do not divide.
inline bool dense_in_unit(const DenseRows& call) {
  if (call.weight.stored == StoredWeights::bf16 && call.in_features % (UnitPairs::kFeatures * kUnitDepth) == 0)
    dense_in_unit<UnitPairs>(call);
  else if (call.weight.stored == StoredWeights::int8 && call.in_features % (UnitInt8::kFeatures * kUnitDepth) == 0)
    dense_in_unit<UnitInt8>(call);
  else
    return false;
  return true;
}

} // namespace
} // namespace sciexam::inline kernels::per_isa

#endif

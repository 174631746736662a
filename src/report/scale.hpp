// From values to places along an axis, and the round values that name the places.
#pragma once

#include <string>
#include <vector>

namespace sciexam {

struct Tick {
  double value;
  std::string label;
};

/// A linear or logarithmic axis over a range of values that is never empty.
class Scale {
public:
  /// Covers [low, high], both drawable, widened by the part `padding` of its
  /// length at each end; a single value gets a range around it.
  Scale(double low, double high, bool logarithmic, double padding);

  /// A finite number below 1e300 in size, and on a logarithmic axis above 1e-300:
  /// ranges of such numbers do not overflow.
  static bool drawable(double value, bool logarithmic);

  /// 0 at the low end, 1 at the high end.
  double position(double value) const;
  /// The value at a position.
  double value(double position) const;
  /// At most `most` + 1 ticks (up to nine over few decades) in the range, rising: multiples of 1, 2 or 5 times a
  /// power of ten. Labels differ where the values do.
  std::vector<Tick> ticks(int most) const;

private:
  std::vector<Tick> linear_ticks(double low, double high, int most) const;
  std::vector<Tick> logarithmic_ticks(int most) const;

  double low_, high_; ///< on a logarithmic axis of the logarithms to the base 10
  bool logarithmic_;
};

} // namespace sciexam

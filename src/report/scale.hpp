// Maps values to positions along an axis, and chooses round values for its ticks.
#pragma once

#include <string>
#include <vector>

namespace sciexam::inline report {

struct Tick {
  double value;
  std::string label;
};

/// A linear or logarithmic axis over a nonempty range of values.
class Scale {
public:
  /// Covers [low, high], both drawable, extended at each end by the fraction
  /// `padding` of its length; a single value gets a range around it.
  Scale(double low, double high, bool logarithmic, double padding);

  /// True for finite numbers of magnitude below 1e300, on a logarithmic axis also above
  /// 1e-300: ranges of such numbers do not overflow.
  static bool drawable(double value, bool logarithmic);

  /// 0 at the low end, 1 at the high end.
  double position(double value) const;
  /// The value at a position.
  double value(double position) const;
  /// Up to `most` + 1 ticks (nine if there are few decades) within the range, in ascending order: multiples of 1, 2 or
  /// 5 times a power of ten. Different values have different labels.
  std::vector<Tick> ticks(int most) const;

private:
  std::vector<Tick> linear_ticks(double low, double high, int most) const;
  std::vector<Tick> logarithmic_ticks(int most) const;

  double low_, high_; ///< base-10 logarithms on a logarithmic axis
  bool logarithmic_;
};

} // namespace sciexam::inline report

#include "report/scale.hpp"

#include "support/text/numbers.hpp"

#include <algorithm>
#include <cmath>

namespace sciexam::inline report {
namespace {

constexpr double kGreatest = 1e300, kLeast = 1e-300;

/// Labels for ticks that are multiples of 10^exponent, all with the same unit and number of decimals.
std::string tick_label(double value, double greatest, int exponent) {
  if (value == 0)
    return "0";
  if (greatest < 1e-3 || greatest >= 1e9) {
    const int digits = static_cast<int>(std::floor(std::log10(std::abs(value)) + 1e-9)) - exponent;
    return format_scientific(value, std::max(0, digits));
  }
  if (greatest >= 1e6)
    return format_fixed(value / 1e6, std::max(0, 6 - exponent)) + "M";
  if (greatest >= 1e4)
    return format_fixed(value / 1e3, std::max(0, 3 - exponent)) + "k";
  return format_fixed(value, std::max(0, -exponent));
}

} // namespace

Scale::Scale(double low, double high, bool logarithmic, double padding)
    : low_(logarithmic ? std::log10(low) : low), high_(logarithmic ? std::log10(high) : high),
      logarithmic_(logarithmic) {
  const double size = std::max(std::abs(low_), std::abs(high_));
  double widening = (high_ - low_) * padding;
  // values that differ only by rounding are one value
  if (logarithmic && high_ - low_ < 1e-9)
    widening = 0.5;
  else if (!logarithmic && (high_ - low_ <= size * 1e-9 || high_ - low_ < kLeast))
    widening = size > kLeast ? size * 0.1 : 1;
  low_ -= widening;
  high_ += widening;
}

bool Scale::drawable(double value, bool logarithmic) {
  return std::isfinite(value) && std::abs(value) < kGreatest && (!logarithmic || value > kLeast);
}

double Scale::position(double value) const {
  return ((logarithmic_ ? std::log10(value) : value) - low_) / (high_ - low_);
}

double Scale::value(double position) const {
  const double at = low_ + position * (high_ - low_);
  return logarithmic_ ? std::pow(10, at) : at;
}

std::vector<Tick> Scale::ticks(int most) const {
  return logarithmic_ ? logarithmic_ticks(most) : linear_ticks(low_, high_, most);
}

std::vector<Tick> Scale::linear_ticks(double low, double high, int most) const {
  const double least_step = (high - low) / std::max(1, most);
  int exponent = static_cast<int>(std::floor(std::log10(least_step)));
  double multiple = 10;
  for (const double candidate : {5.0, 2.0, 1.0})
    if (candidate * std::pow(10, exponent) >= least_step)
      multiple = candidate;
  if (multiple == 10) {
    multiple = 1;
    ++exponent;
  }
  const double step = multiple * std::pow(10, exponent);
  const double first = std::ceil(low / step), last = std::floor(high / step);
  const double greatest = std::max(std::abs(first), std::abs(last)) * step;
  std::vector<Tick> found;
  for (double i = first; i <= last; ++i)
    found.push_back({i * step, tick_label(i * step, greatest, exponent)});
  return found;
}

std::vector<Tick> Scale::logarithmic_ticks(int most) const {
  const int first = static_cast<int>(std::floor(low_)), last = static_cast<int>(std::floor(high_));
  const int decades = last - static_cast<int>(std::ceil(low_)) + 1;
  std::vector<Tick> found;
  const auto add = [&](double value) {
    if (std::log10(value) >= low_ && std::log10(value) <= high_)
      found.push_back({value, format_compact(value)});
  };
  if (decades >= 3) {
    const int stride = (decades + most - 1) / std::max(1, most);
    for (int exponent = first; exponent <= last; ++exponent)
      if (exponent % stride == 0)
        add(std::pow(10, exponent));
    return found;
  }
  for (int exponent = first; exponent <= last; ++exponent)
    for (const double multiple : {1.0, 2.0, 5.0})
      add(multiple * std::pow(10, exponent));
  // within one such step a logarithmic axis is nearly linear
  return found.size() >= 2 ? found : linear_ticks(std::pow(10, low_), std::pow(10, high_), most);
}

} // namespace sciexam::inline report

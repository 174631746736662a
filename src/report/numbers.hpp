// Numbers as text, the same in every locale.
#pragma once

#include <string>

namespace sciexam {

/// At most four significant digits: "0.6213", "12,345", "1.5e-5"; "-" if it is not finite.
std::string format_number(double value);

/// For the ticks of an axis: as format_number(), with k and M for thousands and millions ("20k").
std::string format_compact(double value);

/// With so many decimals; "-" if it is not finite.
std::string format_fixed(double value, int decimals);

/// "1.25e-5": with at most so many decimals, without zeros at their end.
std::string format_scientific(double value, int decimals);

/// A place in a drawing: at most one decimal, "12.5" or "12".
std::string format_coordinate(double value);

} // namespace sciexam
